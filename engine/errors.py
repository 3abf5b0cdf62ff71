"""The one exception that users see."""


class UserError(Exception):
    """Bad input or something missing, reported in one line that says what to do next.

    The command line prints the message and exits with ``exit_code``; the dashboard shows it as a notice.
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code

"""Which differences are real: tests that say what they generalise over. Numpy alone; formulas and sources in docs/comparing.md.

``examples`` pairs what runs answered; ``measures`` scores resamples of it, ``bootstrap`` draws these; the tests are in
``crossed``, ``models`` and ``seeds``, listed in ``tests``; ``families`` corrects for many; ``standings`` fills a leaderboard.
"""

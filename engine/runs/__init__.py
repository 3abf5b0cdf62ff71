"""What a run is: the request for it, what determines its result, and how it differs from the defaults."""

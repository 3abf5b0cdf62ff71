"""What a run is: what was asked for, what determines its result, and what sets it apart."""

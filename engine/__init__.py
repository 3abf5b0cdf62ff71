"""The headless core: what exists, what happened, what to do, where it runs, how it trains, what it means."""

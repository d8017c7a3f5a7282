"""Files that other people may have had a hand in: read with bounds, written so that no link is followed."""

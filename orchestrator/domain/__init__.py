"""The vocabulary: states and their one transition table, events, models, errors, names. Imports nothing of ours."""

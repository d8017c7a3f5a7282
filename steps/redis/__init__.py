"""What the steps that write to Redis share: targets, the fenced write, parameters."""

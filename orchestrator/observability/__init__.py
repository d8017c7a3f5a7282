"""What a running process says of itself: logs; and the points where tests can stop it."""

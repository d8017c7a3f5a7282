"""What people do and ask: operations with their answers in words, status, explain, doctor."""

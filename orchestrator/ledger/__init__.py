"""All state in Redis: keys, the scripts that alone change it, typed verbs, reads. Truth, order and locks live here."""

"""What `changeover up` runs: a private Redis, a coordinator and workers, supervised from one terminal."""

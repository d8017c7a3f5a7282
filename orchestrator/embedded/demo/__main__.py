import sys

from orchestrator.embedded.demo.fleet import main

sys.exit(main())

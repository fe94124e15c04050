"""What a Python script uses: ``lorascope.open``, ``lorascope.start_run``, ``lorascope.tracker``."""

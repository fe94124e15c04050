"""Where work runs: on this machine, in one or several processes. Results come in order, whatever the engine."""

"""The verbs: functions from a request to an answer, one module each."""

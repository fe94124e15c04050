"""Claims: sentences with numbers in other people's reports, checked against the records and against each other."""

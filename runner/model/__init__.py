"""The data types shared by the whole package: plans, events, results and problems, as frozen records."""

"""The vocabulary that all rooms share: plans, events, results and problems as frozen data, and the words for them."""

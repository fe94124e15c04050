"""Why a run came out as it did: the case, the channels of evidence put together, and the cheapest test."""

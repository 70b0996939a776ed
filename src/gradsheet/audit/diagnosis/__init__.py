"""Why a formula is wrong, and what follows from it."""

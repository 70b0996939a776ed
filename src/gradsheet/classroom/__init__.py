"""A class: exercises with numbers of each student's own, and their marks."""

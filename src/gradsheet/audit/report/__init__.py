"""What a person gets to see of an audit."""

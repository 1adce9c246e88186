"""What a trained head did, for looking at: data of single frames, and pictures of them."""

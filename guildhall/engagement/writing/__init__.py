"""Letters to employers: their words, who gets them and who does not, how they go out, and how they come back."""

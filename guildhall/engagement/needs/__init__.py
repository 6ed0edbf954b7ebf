"""What employers need: what they are asked, and what they told, of one and of all."""

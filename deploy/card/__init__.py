"""The card of a box, made on a PC: a base and a bundle come in, an image to write goes out."""

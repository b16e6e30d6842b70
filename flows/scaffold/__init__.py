"""New files for whoever extends Marktecho: `marktecho new source NAME`."""

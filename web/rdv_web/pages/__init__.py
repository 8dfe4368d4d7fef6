"""The pages, a module or package for each part of the menu."""

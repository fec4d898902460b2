"""The passes of a build, each a function between the nouns of `model`; `build` tells the story."""

"""What a hint or a message tells a person to type works: as it is written, with any name, in the state that said it."""

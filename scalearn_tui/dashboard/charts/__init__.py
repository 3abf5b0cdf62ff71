"""What a chart shows and how it is drawn, without any terminal: text and the names of its looks."""

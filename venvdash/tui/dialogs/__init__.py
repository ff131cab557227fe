"""The dialogs and the other screens that open over the main screen."""

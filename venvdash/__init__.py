"""venvdash: a dashboard for the virtual environments that live outside projects."""

__version__ = "0.1.0"

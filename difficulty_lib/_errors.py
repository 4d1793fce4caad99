"""The errors that a user can cause, each one line that says what, where and what instead."""


class DifficultyError(Exception):
    """What went wrong because of an input: the command line prints it and exits with status 2."""


class DataError(DifficultyError, ValueError):
    """A table or data source cannot be used as it is."""


class ModelError(DifficultyError, ValueError):
    """A model name or folder cannot be used."""


class DynamicsError(DifficultyError, ValueError):
    """Recorded dynamics are missing, incomplete, doubled or of the wrong shape."""


class ConfigError(DifficultyError, ValueError):
    """A setting has a value that nothing accepts."""


class TrainingError(DifficultyError, RuntimeError):
    """Training stopped, for example on a loss that is not a number."""


class MissingExtraError(DifficultyError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""

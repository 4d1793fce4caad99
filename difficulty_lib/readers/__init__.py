"""Training dynamics that other programs have written, read as if they were recorded here."""

from difficulty_lib.readers._named import NamedDynamics as NamedDynamics
from difficulty_lib.readers.aum import read_aum as read_aum
from difficulty_lib.readers.aum import read_aum_values as read_aum_values
from difficulty_lib.readers.cartography import read_cartography as read_cartography

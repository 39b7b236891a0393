"""A charge point of OCPP 1.6 with the features that our firmware lacks, for tests of their scenarios.

Each file has one feature and follows the specification for exactly the compliance cases of that feature.
"""

from tests.unit.scenarios.model.reservation import Reservations
from tests.unit.scenarios.model.security_ext import SecurityExtension
from tests.unit.scenarios.model.smart_charging import SmartCharging


class Model(Reservations, SmartCharging, SecurityExtension):
    """The model with all its features."""

    profiles = tuple({*Reservations.profiles, *SmartCharging.profiles, *SecurityExtension.profiles})

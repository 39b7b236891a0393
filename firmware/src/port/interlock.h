#pragma once

#include <stdint.h>

namespace pb {

/// The contactor and the emergency stop. The platform joins the two in an interrupt handler of its own, and nothing
/// else writes the contactor's pin. The handler runs however busy the loop or the flash is: on a chip it lies in RAM,
/// touches registers and one atomic, and calls nothing in flash.
///
/// This does not replace a hardware interlock. It is software on a chip that can crash, hang or lose its clock: a
/// charger needs an emergency stop whose contacts lie in the supply of the contactor's coil.
class Interlock {
 public:
  /// Opens the contactor, forgets all trips and watches the stop from now on. A stop that is pressed now is a trip.
  virtual void arm() = 0;
  /// Closes the contactor unless tripped(). Atomic against the handler: a stop that comes meanwhile leaves it open.
  /// @return whether it is closed now
  virtual bool close() = 0;
  /// Opens the contactor; it may be open already.
  virtual void open() = 0;
  /// Whether the contactor is driven to be closed.
  virtual bool closed() const = 0;
  /// Whether the stop is pressed now. A floating wire is a pressed stop.
  virtual bool pressed() const = 0;
  /// Whether the stop is pressed, or was pressed since take_trips().
  virtual bool tripped() const = 0;
  /// How often the stop was pressed since the last call, which starts the count afresh. Releasing the stop closes
  /// nothing.
  virtual uint32_t take_trips() = 0;

 protected:
  ~Interlock() = default;
};

}  // namespace pb

#pragma once

#include <stdint.h>

namespace pb {

/// The contactor and the emergency stop. The platform connects them in its own interrupt handler, and no other code
/// writes the contactor's pin. The handler runs even while the loop or the flash is busy: on a chip it is in RAM, uses
/// registers and one atomic, and calls nothing in flash.
///
/// This does not replace a hardware interlock. It is software on a chip that can crash, hang or lose its clock: a
/// charger needs an emergency stop with contacts in the supply of the contactor's coil.
class Interlock {
 public:
  /// Opens the contactor, clears all trips and starts to watch the stop. A pressed stop counts as a trip.
  virtual void arm() = 0;
  /// Closes the contactor unless tripped(). Atomic against the handler: a stop during the call leaves the contactor
  /// open.
  /// @return whether the contactor is closed now
  virtual bool close() = 0;
  /// Opens the contactor, if it is closed.
  virtual void open() = 0;
  /// Whether the contactor is driven closed.
  virtual bool closed() const = 0;
  /// Whether the stop is pressed now. A floating wire counts as pressed.
  virtual bool pressed() const = 0;
  /// Whether the stop is pressed, or was pressed since take_trips().
  virtual bool tripped() const = 0;
  /// How often the stop was pressed since the last call, which resets the count. Releasing the stop does not close the
  /// contactor.
  virtual uint32_t take_trips() = 0;

 protected:
  ~Interlock() = default;
};

}  // namespace pb

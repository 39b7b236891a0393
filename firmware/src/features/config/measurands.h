#pragma once

#include <initializer_list>

#include "core/text.h"
#include "core/text_writer.h"

namespace pb {

/// The measurands that this charge point supports (OCPP 1.6 section 7.31).
enum class Measurand : uint8_t {
  energy_active_import_register,
  power_active_import,
  current_import,
  voltage,
};

constexpr Text kMeasurandNames[] = {"Energy.Active.Import.Register", "Power.Active.Import", "Current.Import",
                                    "Voltage"};
constexpr size_t kMeasurands = sizeof kMeasurandNames / sizeof *kMeasurandNames;

constexpr Text name_of(Measurand measurand) { return kMeasurandNames[static_cast<size_t>(measurand)]; }

/// A list of measurands without repetition, in the order in which they were named.
class Measurands {
 public:
  constexpr Measurands() = default;
  constexpr Measurands(std::initializer_list<Measurand> measurands) {
    for (const Measurand measurand : measurands) add(measurand);
  }

  constexpr size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const Measurand* begin() const { return items_; }
  constexpr const Measurand* end() const { return items_ + size_; }
  constexpr bool has(Measurand measurand) const {
    for (const Measurand item : *this) {
      if (item == measurand) return true;
    }
    return false;
  }
  /// @return false when it is there already.
  constexpr bool add(Measurand measurand) {
    if (has(measurand)) return false;
    items_[size_++] = measurand;
    return true;
  }

  /// Reads names separated by commas; an empty text is an empty list.
  /// @return nullptr; or the problem, a literal, and the list is unchanged.
  const char* parse(Text text);
  /// Writes the names separated by commas.
  void format(TextWriter& text) const;

 private:
  Measurand items_[kMeasurands] = {};
  uint8_t size_ = 0;
};

/// Removes the first item of a list separated by commas and returns it without the blanks around it.
Text take_list_item(Text& text);

}  // namespace pb

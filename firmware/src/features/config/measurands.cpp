#include "features/config/measurands.h"

namespace pb {

Text take_list_item(Text& text) {
  size_t end = 0;
  while (end < text.length && text.data[end] != ',') ++end;
  const Text item = trimmed({text.data, end});
  text = end < text.length ? Text(text.data + end + 1, text.length - end - 1) : Text();
  return item;
}

const char* Measurands::parse(Text text) {
  Measurands parsed;
  // A comma at the end begins one more item, which is empty.
  for (bool more = !trimmed(text).empty(); more;) {
    more = false;
    for (size_t i = 0; i < text.length; ++i) more = more || text.data[i] == ',';
    const Text name = take_list_item(text);
    size_t index = 0;
    while (index < kMeasurands && !equal_ignoring_case(kMeasurandNames[index], name)) ++index;
    if (index == kMeasurands) return "names a measurand that this charge point does not have";
    if (!parsed.add(static_cast<Measurand>(index))) return "names a measurand twice";
  }
  *this = parsed;
  return nullptr;
}

void Measurands::format(TextWriter& text) const {
  for (const Measurand& item : *this) {
    if (&item != begin()) text.append(',');
    text.append(name_of(item));
  }
}

}  // namespace pb

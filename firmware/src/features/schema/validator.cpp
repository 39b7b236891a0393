#include "features/schema/validator.h"

namespace pb {

const char* name_of(SchemaKeyword keyword) {
  switch (keyword) {
    case SchemaKeyword::none:
      return "none";
    case SchemaKeyword::json:
      return "JSON";
    case SchemaKeyword::duplicate:
      return "duplicate";
    case SchemaKeyword::type:
      return "type";
    case SchemaKeyword::required:
      return "required";
    case SchemaKeyword::additional_properties:
      return "additionalProperties";
    case SchemaKeyword::max_length:
      return "maxLength";
    case SchemaKeyword::enumeration:
      return "enum";
    case SchemaKeyword::format:
      return "format";
    case SchemaKeyword::min_items:
      return "minItems";
    case SchemaKeyword::max_items:
      return "maxItems";
    case SchemaKeyword::minimum:
      return "minimum";
    case SchemaKeyword::maximum:
      return "maximum";
    case SchemaKeyword::multiple_of:
      return "multipleOf";
  }
  return "unknown";
}

bool SchemaValidator::feed(Text text) {
  for (size_t i = 0; i < text.length; ++i) {
    if (!feed(text.data[i])) return false;
  }
  return true;
}

bool SchemaValidator::note_invalid() {
  if (violation_ == SchemaKeyword::none) fail(SchemaKeyword::json);
  return false;
}

bool SchemaValidator::fail(SchemaKeyword keyword) {
  violation_ = keyword;
  pointer_depth_ = depth_ > 0 ? static_cast<uint8_t>(depth_ - 1) : uint8_t{0};
  return false;
}

bool SchemaValidator::fail_value(SchemaKeyword keyword) {
  violation_ = keyword;
  pointer_depth_ = depth_;
  return false;
}

bool SchemaValidator::accepts(JsonKind kind) const {
  switch (tables_.kind(node_)) {
    case SchemaTables::Kind::any:
      return true;
    case SchemaTables::Kind::object:
      return kind == JsonKind::object;
    case SchemaTables::Kind::array:
      return kind == JsonKind::array;
    case SchemaTables::Kind::string:
    case SchemaTables::Kind::enumeration:
      return kind == JsonKind::string;
    case SchemaTables::Kind::integer:
    case SchemaTables::Kind::integer_4:
    case SchemaTables::Kind::number:
      return kind == JsonKind::number;
    case SchemaTables::Kind::boolean:
      return kind == JsonKind::boolean;
  }
  return false;
}

bool SchemaValidator::on_begin(JsonKind kind) {
  node_ = next_;
  kind_ = kind;
  if (depth_ > 0) {
    Level& level = levels_[depth_ - 1];
    if (tables_.kind(level.node) == SchemaTables::Kind::array) {
      if (level.index == tables_.max_items(level.node) && level.index != SchemaTables::kNoLimit) {
        return fail(SchemaKeyword::max_items);
      }
    }
  }
  if (!accepts(kind)) return fail_value(SchemaKeyword::type);
  switch (kind) {
    case JsonKind::object:
    case JsonKind::array:
      return begin_container(kind);
    case JsonKind::number:
      number_ = DecimalNumber();
      return true;
    case JsonKind::string:
      length_ = 0;
      date_time_ = DateTimeFormat();
      uri_ = UriFormat();
      if (tables_.kind(node_) == SchemaTables::Kind::enumeration) {
        start_match(tables_.value_list(node_), 2, tables_.values(node_));
      }
      return true;
    default:
      return true;
  }
}

bool SchemaValidator::begin_container(JsonKind kind) {
  levels_[depth_] = Level();
  levels_[depth_].node = node_;
  ++depth_;
  next_ = kind == JsonKind::array && tables_.kind(node_) == SchemaTables::Kind::array ? tables_.item_node(node_)
                                                                                      : SchemaTables::kAny;
  return true;
}

bool SchemaValidator::on_end() {
  const bool is_container = kind_ == JsonKind::none || kind_ == JsonKind::object || kind_ == JsonKind::array;
  const bool ok = is_container                ? end_container()
                  : kind_ == JsonKind::string ? end_string()
                  : kind_ == JsonKind::number ? end_number()
                                              : true;
  if (!ok) return false;
  // If an end comes next, it is that of a container: the beginning of another value would set kind_ again.
  kind_ = JsonKind::none;
  if (depth_ == 0) return true;
  Level& level = levels_[depth_ - 1];
  if (tables_.kind(level.node) == SchemaTables::Kind::array) {
    if (level.index < SchemaTables::kNoLimit) ++level.index;
    next_ = tables_.item_node(level.node);
  } else {
    next_ = SchemaTables::kAny;
  }
  return true;
}

bool SchemaValidator::end_container() {
  const Level& level = levels_[depth_ - 1];
  switch (tables_.kind(level.node)) {
    case SchemaTables::Kind::object:
      if (!end_object(level)) return false;
      break;
    case SchemaTables::Kind::array:
      if (level.index < tables_.min_items(level.node)) return fail(SchemaKeyword::min_items);
      break;
    default:
      break;
  }
  --depth_;
  return true;
}

bool SchemaValidator::end_object(const Level& level) {
  const uint8_t count = tables_.properties(level.node);
  for (uint8_t i = 0; i < count; ++i) {
    const bool is_seen = (level.seen[i / 32] >> (i % 32) & 1u) != 0;
    if (is_seen || !tables_.is_required(level.node, i)) continue;
    missing_ = tables_.text_at(tables_.names(level.node), 4, i);
    return fail(SchemaKeyword::required);
  }
  return true;
}

bool SchemaValidator::on_name_begin() {
  in_name_ = true;
  const uint16_t node = levels_[depth_ - 1].node;
  const bool is_described = tables_.kind(node) == SchemaTables::Kind::object;
  start_match(is_described ? tables_.names(node) : uint16_t{0}, 4,
              is_described ? tables_.properties(node) : uint8_t{0});
  return true;
}

bool SchemaValidator::on_name_end() {
  in_name_ = false;
  Level& level = levels_[depth_ - 1];
  if (!is_matched()) {
    level.index = kUnknown;
    next_ = SchemaTables::kAny;
    const bool is_closed = tables_.kind(level.node) == SchemaTables::Kind::object && tables_.is_closed(level.node);
    return !is_closed || fail(SchemaKeyword::additional_properties);
  }
  level.index = low_;
  uint32_t& seen = level.seen[low_ / 32];
  const uint32_t bit = 1u << (low_ % 32);
  if ((seen & bit) != 0) return fail_value(SchemaKeyword::duplicate);
  seen |= bit;
  next_ = tables_.property_node(level.node, low_);
  return true;
}

bool SchemaValidator::on_character(uint32_t code_point) {
  if (in_name_) {
    match(code_point);
    return true;
  }
  if (kind_ == JsonKind::string) return string_character(code_point);
  number_.feed(static_cast<char>(code_point));
  return true;
}

bool SchemaValidator::string_character(uint32_t code_point) {
  switch (tables_.kind(node_)) {
    case SchemaTables::Kind::enumeration:
      match(code_point);
      return true;
    case SchemaTables::Kind::string: {
      const uint16_t most = tables_.max_length(node_);
      if (most != SchemaTables::kNoLimit && ++length_ > most) return fail_value(SchemaKeyword::max_length);
      const uint8_t format = formats_ == Formats::checked ? tables_.format(node_) : uint8_t{0};
      if (format == SchemaTables::kDateTime && !date_time_.feed(code_point)) return fail_value(SchemaKeyword::format);
      if (format == SchemaTables::kUri && !uri_.feed(code_point)) return fail_value(SchemaKeyword::format);
      return true;
    }
    default:
      return true;
  }
}

bool SchemaValidator::end_string() {
  switch (tables_.kind(node_)) {
    case SchemaTables::Kind::enumeration:
      return is_matched() || fail_value(SchemaKeyword::enumeration);
    case SchemaTables::Kind::string: {
      const uint8_t format = formats_ == Formats::checked ? tables_.format(node_) : uint8_t{0};
      const bool is_formed = format == SchemaTables::kDateTime ? date_time_.is_complete()
                             : format == SchemaTables::kUri    ? uri_.is_complete()
                                                               : true;
      return is_formed || fail_value(SchemaKeyword::format);
    }
    default:
      return true;
  }
}

bool SchemaValidator::end_number() {
  const SchemaTables::Kind kind = tables_.kind(node_);
  if (kind == SchemaTables::Kind::any) return true;
  if (kind == SchemaTables::Kind::integer && !number_.is_multiple_of_power(0)) return fail_value(SchemaKeyword::type);
  if (kind == SchemaTables::Kind::integer_4 && number_.has_fraction_or_exponent()) {
    return fail_value(SchemaKeyword::type);
  }
  const uint8_t limits = tables_.limits(node_);
  if ((limits & SchemaTables::kHasMinimum) != 0 && number_.compare(tables_.minimum(node_)) < 0) {
    return fail_value(SchemaKeyword::minimum);
  }
  if ((limits & SchemaTables::kHasMaximum) != 0 && number_.compare(tables_.maximum(node_)) > 0) {
    return fail_value(SchemaKeyword::maximum);
  }
  if ((limits & SchemaTables::kHasMultiple) != 0 && !number_.is_multiple_of_power(tables_.multiple_power(node_))) {
    return fail_value(SchemaKeyword::multiple_of);
  }
  return true;
}

void SchemaValidator::start_match(uint16_t list, uint8_t stride, uint8_t count) {
  list_ = list;
  stride_ = stride;
  low_ = 0;
  high_ = count;
  matched_ = 0;
}

/// Narrows the range to the texts whose next character is this one.
void SchemaValidator::match(uint32_t code_point) {
  const char wanted = code_point > 0 && code_point < 0x80 && matched_ < 0xff ? static_cast<char>(code_point) : '\0';
  if (wanted == '\0') {
    high_ = low_;
    return;
  }
  const auto next = [this](uint8_t index) {
    return tables_.character(tables_.text_at(list_, stride_, index), matched_);
  };
  while (low_ < high_ && next(low_) < wanted) ++low_;
  while (low_ < high_ && next(static_cast<uint8_t>(high_ - 1)) > wanted) --high_;
  ++matched_;
}

void SchemaValidator::write_pointer(TextWriter& writer) const {
  for (uint8_t i = 0; i < pointer_depth_; ++i) {
    const Level& level = levels_[i];
    switch (tables_.kind(level.node)) {
      case SchemaTables::Kind::object:
        // Below an unknown property no schema applies: only the JSON text can be wrong there.
        if (level.index == kUnknown) return;
        writer.append('/');
        tables_.write_text(writer, tables_.text_at(tables_.names(level.node), 4, static_cast<uint8_t>(level.index)));
        break;
      case SchemaTables::Kind::array:
        writer.append('/');
        writer.append(uint64_t{level.index});
        break;
      default:
        return;
    }
  }
}

void SchemaValidator::describe(TextWriter& writer) const {
  const size_t before = writer.length();
  write_pointer(writer);
  writer.append_all(writer.length() > before ? " " : "", name_of(violation_));
  if (violation_ == SchemaKeyword::required) {
    writer.append(' ');
    tables_.write_text(writer, missing_);
  }
  if (violation_ == SchemaKeyword::json) writer.append_all(": ", stream_.reason());
  writer.append_all(" at byte ", uint64_t{offset()});
}

}  // namespace pb

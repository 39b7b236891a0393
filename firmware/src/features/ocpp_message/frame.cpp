#include "features/ocpp_message/frame.h"

namespace pb {
namespace {

constexpr int64_t kCall = 2;
constexpr int64_t kCallResult = 3;
constexpr int64_t kCallError = 4;

OcppFrame& bad_call(OcppFrame& frame, OcppError error, const char* reason) {
  frame.kind = OcppFrame::Kind::bad_call;
  frame.error = error;
  frame.reason = reason;
  return frame;
}

OcppFrame& read_call(OcppFrame& frame, JsonValue array) {
  if (array.size() != 4) return bad_call(frame, OcppError::formation_violation, "a CALL has four elements");
  JsonValue action = array.at(2);
  if (action.kind() != JsonKind::string)
    return bad_call(frame, OcppError::formation_violation, "the action is no string");
  // A name that does not fit is no action of OCPP 1.6.
  if (!action.get(frame.action)) return bad_call(frame, OcppError::not_implemented, "unknown action");
  frame.payload = array.at(3);
  if (frame.payload.kind() != JsonKind::object) {
    return bad_call(frame, OcppError::formation_violation, "the payload is no object");
  }
  frame.kind = OcppFrame::Kind::call;
  return frame;
}

/// @return false, with the reason in the frame, when it cannot be answered.
bool read_type_and_id(OcppFrame& frame, JsonValue array, int64_t& type) {
  if (!array.at(0).get(type)) {
    frame.reason = "the message type is no number";
    return false;
  }
  if (!array.at(1).get(frame.id) || frame.id.empty()) {
    frame.reason = "the message id is no string of 1 to 36 characters";
    return false;
  }
  return true;
}

/// The text of the first `count` elements of an array, up to the comma after them. If fewer elements are followed by a
/// comma, the text ends before the last comma.
/// The array need not be complete. Only brackets and strings matter.
Text first_elements(Text array, size_t count) {
  size_t depth = 0;
  size_t end = 0;
  bool in_string = false;
  for (size_t i = 0; i < array.length; ++i) {
    const char c = array.data[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      if (depth-- <= 1) break;
    } else if (c == ',' && depth == 1) {
      end = i;
      if (--count == 0) break;
    }
  }
  return {array.data, end};
}

/// Reads type, id, and action or code; any text may follow. @param error the answer to a call
OcppFrame read_beginning(Text beginning, OcppError error, const char* reason) {
  OcppFrame frame;
  // Close type, id, and action or code as an array; omit action or code if it is too long. Even an id and an action
  // that consist of escape sequences fit.
  char bytes[640];
  JsonValue array;
  for (size_t elements = 3; elements >= 2 && !array.exists(); --elements) {
    const Text head = first_elements(beginning, elements);
    if (head.length >= sizeof bytes) continue;
    memcpy(bytes, head.data, head.length);
    bytes[head.length] = ']';
    JsonError json_error;
    array = parse_json({bytes, head.length + 1}, json_error);
  }
  int64_t type = 0;
  const bool is_frame = read_type_and_id(frame, array, type);
  frame.reason = reason;
  switch (is_frame ? type : 0) {
    case kCall:
      array.at(2).get(frame.action);
      return bad_call(frame, error, reason);
    case kCallResult:
      frame.kind = OcppFrame::Kind::result;
      return frame;
    case kCallError:
      array.at(2).get(frame.code);
      frame.kind = OcppFrame::Kind::error;
      return frame;
    default:
      return frame;
  }
}

}  // namespace

OcppFrame read_ocpp_frame(Text message) {
  OcppFrame frame;
  JsonError error;
  JsonValue array = parse_json(message, error);
  if (!array.exists()) {
    frame = read_beginning(message, OcppError::formation_violation, error.reason);
    // An answer that is not valid JSON, such as half a message, is ignored: its request still waits for an answer.
    const bool is_answer = frame.kind == OcppFrame::Kind::result || frame.kind == OcppFrame::Kind::error;
    if (is_answer && Text(error.reason) != Text(kNestedTooDeep)) frame.kind = OcppFrame::Kind::ignored;
    return frame;
  }
  if (array.kind() != JsonKind::array) {
    frame.reason = "not a JSON array";
    return frame;
  }
  int64_t type = 0;
  if (!read_type_and_id(frame, array, type)) return frame;
  switch (type) {
    case kCall:
      return read_call(frame, array);
    case kCallResult:
      frame.payload = array.at(2);
      frame.kind = OcppFrame::Kind::result;
      return frame;
    case kCallError:
      array.at(2).get(frame.code);
      frame.description = array.at(3);
      frame.kind = OcppFrame::Kind::error;
      return frame;
    default:
      // OCPP-J 1.6 section 4.1.3: messages of unknown types are ignored.
      frame.reason = "unknown message type";
      return frame;
  }
}

OcppFrame read_ocpp_frame_beginning(Text beginning, const char* reason) {
  return read_beginning(beginning, OcppError::internal_error, reason);
}

void write_call(JsonWriter& json, Text id, Text action, Text payload) {
  json.begin_array().number(kCall).string(id).string(action).raw(payload).end_array();
}

void write_call_result(JsonWriter& json, Text id, Text payload) {
  json.begin_array().number(kCallResult).string(id).raw(payload).end_array();
}

void write_call_error(JsonWriter& json, Text id, OcppError error, Text description) {
  json.begin_array().number(kCallError).string(id).string(name_of(error)).string(description);
  json.begin_object().end_object().end_array();
}

}  // namespace pb

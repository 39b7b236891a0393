#pragma once

#include "core/json_reader.h"
#include "core/json_writer.h"
#include "features/ocpp_message/ocpp_error.h"

namespace pb {

/// OCPP-J 1.6 section 4.1.4: a message id has at most 36 characters, the length of a GUID.
constexpr size_t kMaxMessageId = 36;
using MessageId = CharacterText<kMaxMessageId>;
/// The longest action name of OCPP 1.6 has 30.
constexpr size_t kMaxAction = 48;

/// A message of OCPP-J (1.6, section 4.2) with its parts. It refers to the text that it was read from.
struct OcppFrame {
  enum class Kind : uint8_t {
    call,
    result,
    error,
    bad_call,  // the id is readable, but another part is invalid: answer with a CALLERROR
    ignored,   // cannot be answered: no JSON array, no usable id, or an unknown message type
  };

  Kind kind = Kind::ignored;
  MessageId id;
  FixedText<kMaxAction> action;                      // the action of a call
  JsonValue payload;                                 // the payload of a call or result: an object
  FixedText<kMaxAction> code;                        // the code of an error; may be empty
  JsonValue description;                             // the description of an error, if present
  OcppError error = OcppError::formation_violation;  // the error of a bad call
  const char* reason = "";                           // why a message is bad, ignored or truncated; for the log
};

/// Reads one WebSocket text message. If it is not valid JSON, or nested too deep, only type and id are used: a call is
/// a bad call, and a result has no payload.
OcppFrame read_ocpp_frame(Text message);
/// Reads the beginning of a message that is too long: type and id, and an action or a code.
/// A call is a bad call with InternalError, and a result has no payload.
/// @param reason a literal for the CALLERROR and the log
OcppFrame read_ocpp_frame_beginning(Text beginning, const char* reason);

/// Writes `[2,"id","action",payload]`. `payload` is JSON.
void write_call(JsonWriter& json, Text id, Text action, Text payload);
/// Writes `[3,"id",payload]`. `payload` is JSON.
void write_call_result(JsonWriter& json, Text id, Text payload);
/// Writes `[4,"id","code","description",{}]`.
void write_call_error(JsonWriter& json, Text id, OcppError error, Text description);

}  // namespace pb

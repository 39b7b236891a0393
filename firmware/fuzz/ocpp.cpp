// A message of the CSMS (OCPP-J 1.6 section 4).

#include "features/ocpp_message/frame.h"
#include "fuzz/input.h"

namespace pb::fuzz {
namespace {

void check(const OcppFrame& frame) {
  using Kind = OcppFrame::Kind;
  require(count_characters(frame.id.text()) <= kMaxMessageId, "an id has at most 36 characters");
  if (frame.kind == Kind::call) {
    require(frame.payload.kind() == JsonKind::object, "the payload of a call is an object");
  }
  if (frame.kind == Kind::bad_call || frame.kind == Kind::ignored) {
    require(frame.reason[0] != '\0', "a rejected message has a reason");
  }
  if (frame.kind == Kind::ignored) return;
  require(!frame.id.text().empty(), "a message that is not ignored has an id");
  // The answer quotes the id, so it has to be valid again.
  char bytes[512];
  JsonWriter json{Span<char>(bytes)};
  write_call_error(json, frame.id.text(), frame.error, frame.reason);
  const OcppFrame answer = read_ocpp_frame(json.text());
  require(answer.kind == Kind::error, "a CALLERROR for the message is valid");
  require(answer.id.text() == frame.id.text(), "a CALLERROR has the id of the message");
}

}  // namespace
}  // namespace pb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pb;
  const Text message = fuzz::Input(data, size).text();
  fuzz::check(read_ocpp_frame(message));
  fuzz::check(read_ocpp_frame_beginning(message, "too long"));
  return 0;
}

#include <unity.h>

#include <string>
#include <vector>

#include "features/ocpp_message/messenger.h"
#include "support/fake_clock.h"
#include "support/fake_network.h"
#include "support/fake_rng.h"
#include "support/fake_tcp.h"
#include "support/fake_uart.h"
#include "support/ws_peer.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

/// Durable messages of one kind; the test sets the state of the front.
struct DurableQueue final : DurableCalls {
  Front state = Front::none;
  Millis queued_at = 0;
  int written = 0;
  int results = 0;
  int errors = 0;
  int timeouts = 0;
  int disconnects = 0;
  int sent = 0;
  int refusals = 0;

  Front front(Millis, Millis& at) override {
    at = queued_at;
    return state;
  }
  bool write_front(JsonWriter& payload, MessageId& id, Text& action, Millis) override {
    ++written;
    payload.begin_object().end_object();
    id.assign("durable-1");
    action = "StopTransaction";
    return true;
  }
  bool on_result(Text id, JsonValue, Millis) override {
    if (id != "durable-1") return false;
    ++results;
    state = Front::none;
    return true;
  }
  bool on_stray_result(Text id, JsonValue, Millis) override { return id == "stray"; }
  bool on_error(Text id, Text, Millis) override {
    if (id != "durable-1") return false;
    ++errors;
    state = Front::none;
    return true;
  }
  void on_timeout(Millis) override {
    ++timeouts;
    state = Front::none;
  }
  void on_sent() override { ++sent; }
  void on_disconnected(bool is_refused, Millis) override {
    ++disconnects;
    refusals += is_refused ? 1 : 0;
  }
  Millis next_due() const override { return kNever; }
  size_t size() const override { return state == Front::none ? 0 : 1; }
};

struct Caller final : CallListener {
  std::vector<uint32_t> results;
  std::vector<std::pair<uint32_t, CallFailure>> failures;
  void on_result(uint32_t tag, JsonValue, Millis) override { results.push_back(tag); }
  std::vector<uint32_t> late;
  void on_failure(uint32_t tag, CallFailure failure, Millis) override { failures.emplace_back(tag, failure); }
  void on_late_result(uint32_t tag, JsonValue, Millis) override { late.push_back(tag); }
};

struct Handler final : CallHandler, Messenger::LinkListener {
  std::string last;
  int mode = 0;
  bool answers = true;
  bool may_answer() const override { return answers; }
  void on_call(Text action, JsonValue payload, CallReply& reply, Millis) override {
    last.assign(action.data, action.length);
    switch (mode) {
      case 0:
        reply.result().begin_object().key("echo").raw(payload.raw()).end_object();
        return;
      case 1:
        reply.result().begin_object();  // begins a result, then fails
        reply.error(OcppError::not_supported, "no \"thank\" you");
        return;
      case 2:
        return;  // without an answer
      case 3:
        reply.result().begin_object();
        for (int i = 0; i < 1000; ++i) reply.result().member("key", "value");
        reply.result().end_object();
        return;
    }
  }
  void on_online(Millis) override {}
  void on_offline(Millis) override {}
};

struct Rig {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeTcp tcp;
  FakeNetwork network;
  FakeRng rng;
  Connection connection{tcp, network, rng, log};
  DurableQueue queue;
  Messenger messenger{connection, queue, rng, log};
  Handler handler;
  Caller caller;
  WsPeer peer{tcp};

  Rig() {
    ConnectionSettings settings;
    settings.url = "ws://csms";
    settings.identity = "CP";
    settings.ping_interval = 0;
    connection.configure(settings);
    messenger.set_handlers(handler, handler);
    network.become(NetworkState::up);
    connect();
    messenger.open_gate(true);
  }
  void connect() {
    while (!(tcp.opens > 0 && tcp.peer().used)) {
      Millis due = connection.poll(clock.now());
      if (due != kNever && due > clock.now()) clock.set(due);
    }
    peer.accept_tcp();
    connection.poll(clock.now());
    peer.accept_handshake();
    connection.poll(clock.now());
    TEST_ASSERT_TRUE(messenger.online());
  }
  void lose_link() {
    tcp.reset();
    connection.poll(clock.now());
    TEST_ASSERT_FALSE(messenger.online());
  }
  Millis poll() {
    connection.poll(clock.now());
    return messenger.poll(clock.now());
  }
  std::vector<std::string> sent() {
    poll();
    return peer.take_messages();
  }
  std::string sent_one() {
    std::vector<std::string> messages = sent();
    TEST_ASSERT_EQUAL_size_t(1, messages.size());
    return messages[0];
  }
  void receive(const std::string& message) {
    peer.send(message);
    poll();
  }
  /// Polls several times.
  void read_all() {
    while (connection.poll(clock.now()) <= clock.now()) {
    }
    messenger.poll(clock.now());
  }
  bool call(const char* action, uint32_t tag, Priority priority = Priority::normal, WhenFull full = WhenFull::keep) {
    return messenger.call(action, "{}", caller, tag, priority, full, clock.now());
  }
  static std::string id_of(const std::string& frame) {
    JsonError error;
    MessageId id;
    TEST_ASSERT_TRUE(parse_json({frame.data(), frame.size()}, error).at(1).get(id));
    return id.c_str();
  }
  static std::string action_of(const std::string& frame) {
    JsonError error;
    FixedText<48> action;
    TEST_ASSERT_TRUE(parse_json({frame.data(), frame.size()}, error).at(2).get(action));
    return action.c_str();
  }
  void answer(const std::string& frame, const char* payload = "{}") {
    receive("[3,\"" + id_of(frame) + "\"," + payload + "]");
  }
};

void requests_are_sent_one_at_a_time_in_order_with_unique_ids() {
  Rig rig;
  rig.call("A", 1);
  rig.call("B", 2);
  std::string first = rig.sent_one();
  TEST_ASSERT_EQUAL_STRING("A", Rig::action_of(first).c_str());
  TEST_ASSERT_EQUAL_size_t(0, rig.sent().size());
  TEST_ASSERT_EQUAL_size_t(2, rig.messenger.queued());
  rig.answer(first);
  std::vector<std::string> next = rig.peer.take_messages();
  TEST_ASSERT_EQUAL_STRING("B", Rig::action_of(next.at(0)).c_str());
  TEST_ASSERT_TRUE(Rig::id_of(first) != Rig::id_of(next[0]));
  rig.answer(next[0]);
  TEST_ASSERT_EQUAL_size_t(2, rig.caller.results.size());
  TEST_ASSERT_EQUAL_size_t(0, rig.messenger.queued());
}

void request_without_answer_times_out_and_its_late_answer_counts_once() {
  Rig rig;
  rig.call("A", 1);
  rig.call("B", 2);
  std::string first = rig.sent_one();
  TEST_ASSERT_EQUAL_UINT64(rig.clock.now() + Messenger::kCallTimeout, rig.poll());
  rig.clock.advance(Messenger::kCallTimeout - 1);
  TEST_ASSERT_EQUAL_size_t(0, rig.sent().size());
  rig.clock.advance(1);
  std::string second = rig.sent_one();
  TEST_ASSERT_EQUAL(CallFailure::timed_out, rig.caller.failures.at(0).second);
  rig.answer(first);
  TEST_ASSERT_EQUAL_size_t(0, rig.caller.results.size());
  TEST_ASSERT_EQUAL_UINT32(1, rig.caller.late.at(0));
  rig.answer(first);
  TEST_ASSERT_EQUAL_size_t(1, rig.caller.late.size());
  TEST_ASSERT_TRUE(rig.uart.wrote("an answer without an open request is ignored"));
  rig.answer(second);
  TEST_ASSERT_EQUAL_UINT32(2, rig.caller.results.at(0));
}

void late_answers_count_for_the_last_requests() {
  Rig rig;
  std::vector<std::string> sent;
  for (uint32_t i = 0; i <= Messenger::kMaxOverdue; ++i) {
    rig.call("A", i);
    sent.push_back(rig.sent_one());
    rig.clock.advance(Messenger::kCallTimeout);
    rig.poll();
  }
  for (size_t i = sent.size(); i-- > 0;) rig.answer(sent[i]);
  TEST_ASSERT_EQUAL_size_t(Messenger::kMaxOverdue, rig.caller.late.size());
  TEST_ASSERT_EQUAL_UINT32(Messenger::kMaxOverdue, rig.caller.late.front());
  TEST_ASSERT_EQUAL_UINT32(1, rig.caller.late.back());
}

void a_late_rejection_is_only_logged() {
  Rig rig;
  rig.call("A", 1);
  const std::string first = rig.sent_one();
  rig.clock.advance(Messenger::kCallTimeout);
  rig.poll();
  rig.receive("[4,\"" + Rig::id_of(first) + "\",\"InternalError\",\"busy\",{}]");
  TEST_ASSERT_TRUE(rig.uart.wrote("A was answered late with InternalError \"busy\""));
  TEST_ASSERT_EQUAL_size_t(0, rig.caller.late.size());
  TEST_ASSERT_EQUAL_size_t(1, rig.caller.failures.size());
}

void late_answer_on_another_connection_is_ignored() {
  Rig rig;
  rig.call("A", 1);
  const std::string first = rig.sent_one();
  rig.clock.advance(Messenger::kCallTimeout);
  rig.poll();
  rig.lose_link();
  rig.connect();
  rig.answer(first);
  TEST_ASSERT_EQUAL_size_t(0, rig.caller.late.size());
}

void code_and_description_of_a_rejection_are_logged() {
  struct Case {
    std::string rest;
    const char* logged;
  };
  const Case cases[] = {
      {"\"InternalError\",\"no database\",{}", "A was answered with InternalError \"no database\""},
      {"\"GenericError\",\"a\\nb \\\"c\\\"\",{}", "A was answered with GenericError \"a\\nb \\\"c\\\"\""},
      {"\"SecurityError\"", "A was answered with SecurityError\r\n"},
      {"5,\"x\",{}", "A was answered with a CALLERROR without a code \"x\""},
      {"\"InternalError\",\"" + std::string(149, 'x') + "\xc3\xa4" + std::string(400, 'x') + "\",{}",
       "InternalError \"xxx"},
  };
  for (const Case& c : cases) {
    Rig rig;
    rig.call("A", 1);
    rig.receive("[4,\"" + Rig::id_of(rig.sent_one()) + "\"," + c.rest + "]");
    TEST_ASSERT_TRUE_MESSAGE(rig.uart.wrote(c.logged), c.logged);
    TEST_ASSERT_EQUAL(CallFailure::rejected, rig.caller.failures.at(0).second);
  }
}

void calls_longer_than_the_buffer_are_answered() {
  std::string escapes;
  for (int i = 0; i < 2'500; ++i) escapes += "\\u00e4";
  const std::string items = "{\"list\":[\"" + escapes + "\",\"" + escapes + "\"]}]";
  const std::string calls[] = {
      "[2,\"long\",\"SendLocalList\"," + items,
      "[ 2 ,\n\"long\" , \"A\" , " + items,
      "[2,\"long\",\"" + std::string(9'000, 'a') + "\",{}]",
      "[2,\"long\"," + items,
      "[2,\"lo\\u006eg\",\"" + std::string(48, 'a') + "\"," + items,
  };
  for (const std::string& call : calls) {
    Rig rig;
    rig.receive(call);
    rig.read_all();
    const std::vector<std::string> answers = rig.peer.take_messages();
    TEST_ASSERT_EQUAL_size_t(1, answers.size());
    TEST_ASSERT_EQUAL_STRING("[4,\"long\",\"InternalError\",\"the message is longer than ws_message_bytes\",{}]",
                             answers[0].c_str());
    TEST_ASSERT_TRUE(rig.connection.connected());
  }
}

void answers_longer_than_the_buffer_are_failures() {
  const std::string items = "{\"a\":\"" + std::string(9'000, 'x') + "\"}]";
  for (const bool rejected : {false, true}) {
    Rig rig;
    rig.call("A", 1);
    const std::string id = Rig::id_of(rig.sent_one());
    rig.receive(rejected ? "[4,\"" + id + "\",\"GenericError\",\"\"," + items : "[3,\"" + id + "\"," + items);
    rig.read_all();
    TEST_ASSERT_EQUAL(rejected ? CallFailure::rejected : CallFailure::malformed, rig.caller.failures.at(0).second);
    TEST_ASSERT_TRUE(rig.uart.wrote(rejected ? "A was answered with GenericError"
                                             : "A was answered with the message is longer than ws_message_bytes"));
  }
}

void errors_and_malformed_answers_are_failures() {
  Rig rig;
  rig.call("A", 1);
  rig.receive("[4,\"" + Rig::id_of(rig.sent_one()) + "\",\"InternalError\",\"\",{}]");
  TEST_ASSERT_EQUAL(CallFailure::rejected, rig.caller.failures.at(0).second);
  for (const char* payload : {"1", "[]", "null"}) {
    rig.call("A", 1);
    rig.answer(rig.sent_one(), payload);
    TEST_ASSERT_EQUAL(CallFailure::malformed, rig.caller.failures.back().second);
  }
  rig.call("A", 1);
  rig.receive("[3,\"" + Rig::id_of(rig.sent_one()) + "\"]");
  TEST_ASSERT_EQUAL(CallFailure::malformed, rig.caller.failures.back().second);
}

void answer_that_is_not_valid_json_answers_nothing() {
  for (const bool rejected : {false, true}) {
    Rig rig;
    rig.call("A", 1);
    const std::string id = Rig::id_of(rig.sent_one());
    rig.receive(rejected ? "[4,\"" + id + "\",\"GenericError\",]" : "[3,\"" + id + "\",{\"a\":]");
    TEST_ASSERT_EQUAL_size_t(0, rig.caller.failures.size());
  }
}

void answer_that_is_nested_too_deep_ends_its_request() {
  Rig rig;
  rig.call("A", 1);
  rig.receive("[3,\"" + Rig::id_of(rig.sent_one()) + "\"," + std::string(500, '[') + std::string(500, ']') + "]");
  TEST_ASSERT_EQUAL(CallFailure::malformed, rig.caller.failures.at(0).second);
}

void disconnect_fails_ordinary_requests_and_rejects_new_ones() {
  Rig rig;
  rig.call("A", 1);
  rig.call("B", 2);
  rig.sent_one();
  rig.lose_link();
  TEST_ASSERT_EQUAL_size_t(2, rig.caller.failures.size());
  TEST_ASSERT_EQUAL(CallFailure::disconnected, rig.caller.failures[0].second);
  TEST_ASSERT_EQUAL(CallFailure::disconnected, rig.caller.failures[1].second);
  TEST_ASSERT_EQUAL(1, rig.queue.disconnects);
  TEST_ASSERT_FALSE(rig.call("C", 3));
  rig.connect();
  TEST_ASSERT_EQUAL_size_t(0, rig.sent().size());
}

/// A long answer fills the output of a slow connection: the durable message is written again, and has begun no attempt.
void durable_message_without_room_in_the_output_is_not_sent() {
  Rig rig;
  rig.tcp.peer().window = 0;
  rig.messenger.answer("q", "Echo", ("{\"text\":\"" + std::string(4'060, 'x') + "\"}").c_str());
  rig.queue.state = DurableCalls::Front::ready;
  for (int i = 0; i < 3; ++i) rig.poll();
  TEST_ASSERT_EQUAL(3, rig.queue.written);
  TEST_ASSERT_EQUAL(0, rig.queue.sent);
  rig.tcp.peer().window = 1 << 20;
  rig.poll();
  rig.poll();
  TEST_ASSERT_EQUAL(1, rig.queue.sent);
}

/// A CSMS that ends the connection for another reason, or a lost link, has not refused the message in flight.
void close_frame_refuses_the_durable_message_in_flight() {
  const struct {
    const char* payload;
    int refusals;
  } kCloses[] = {{"\x03\xe8", 1},                                 // 1000
                 {"", 1},         {"\x03\xf3internal error", 1},  // 1011
                 {"\x03\xf0", 1},                                 // 1008
                 {"\x03\xe9", 0},                                 // 1001
                 {"\x03\xf4", 0},                                 // 1012
                 {"\x03\xf5", 0},                                 // 1013
                 {nullptr, 0}};
  for (const auto& close : kCloses) {
    for (const bool is_in_flight : {true, false}) {
      Rig rig;
      if (is_in_flight) rig.queue.state = DurableCalls::Front::ready;
      TEST_ASSERT_EQUAL_size_t(is_in_flight ? 1 : 0, rig.sent().size());
      if (close.payload != nullptr) {
        rig.peer.send_close(close.payload);
        rig.poll();
      } else {
        rig.lose_link();
      }
      TEST_ASSERT_EQUAL(1, rig.queue.disconnects);
      TEST_ASSERT_EQUAL(is_in_flight ? close.refusals : 0, rig.queue.refusals);
    }
  }
}

/// An answer that this end must reject by closing would be the same on each later connection.
void protocol_error_refuses_the_durable_message_in_flight() {
  const std::string kErrors[] = {
      "\xc1\x02{}",            // RSV1
      "\x81\x02[\xff",         // not UTF-8
      "\x83\x01x",             // reserved opcode
      "\x88\x01\x03",          // Close of one byte
      "\x88\x02\x03\xee",      // Close with 1006, which must not be sent
      "\x88\x03\x03\xe9\xff",  // Close with 1001 and a reason that is not UTF-8
  };
  for (const std::string& error : kErrors) {
    for (const bool is_in_flight : {true, false}) {
      Rig rig;
      if (is_in_flight) rig.queue.state = DurableCalls::Front::ready;
      TEST_ASSERT_EQUAL_size_t(is_in_flight ? 1 : 0, rig.sent().size());
      rig.tcp.deliver(error);
      rig.poll();
      TEST_ASSERT_EQUAL(1, rig.queue.disconnects);
      TEST_ASSERT_EQUAL(is_in_flight ? 1 : 0, rig.queue.refusals);
    }
  }
}

void result_without_an_open_request_may_be_of_use_to_the_durable_queue() {
  Rig rig;
  rig.receive("[3,\"stray\",{}]");
  TEST_ASSERT_FALSE(rig.uart.wrote("is ignored"));
  rig.receive("[4,\"stray\",\"InternalError\",\"\",{}]");
  TEST_ASSERT_TRUE(rig.uart.wrote("an answer without an open request is ignored: stray"));
}

void closed_gate_passes_only_boot_notification() {
  Rig rig;
  rig.messenger.open_gate(false);
  rig.queue.state = DurableCalls::Front::ready;
  rig.call("StatusNotification", 1);
  TEST_ASSERT_EQUAL_size_t(0, rig.sent().size());
  rig.call("BootNotification", 2, Priority::boot);
  std::string boot = rig.sent_one();
  TEST_ASSERT_EQUAL_STRING("BootNotification", Rig::action_of(boot).c_str());
  rig.answer(boot);
  TEST_ASSERT_EQUAL_size_t(0, rig.sent().size());
  rig.messenger.open_gate(true);
  TEST_ASSERT_EQUAL_STRING("StopTransaction", Rig::action_of(rig.sent_one()).c_str());
}

void durable_messages_and_requests_are_sent_by_age() {
  Rig rig;
  rig.clock.advance(100);
  rig.queue.queued_at = rig.clock.now();
  rig.queue.state = DurableCalls::Front::ready;
  rig.clock.advance(10);
  rig.call("Younger", 1);
  std::string first = rig.sent_one();
  TEST_ASSERT_EQUAL_STRING("StopTransaction", Rig::action_of(first).c_str());
  rig.answer(first);
  TEST_ASSERT_EQUAL(1, rig.queue.results);
  rig.answer(rig.peer.take_messages().at(0));
  rig.call("Older", 2);
  rig.clock.advance(10);
  rig.queue.queued_at = rig.clock.now();
  rig.queue.state = DurableCalls::Front::ready;
  TEST_ASSERT_EQUAL_STRING("Older", Rig::action_of(rig.sent_one()).c_str());
}

void younger_requests_wait_for_a_message_that_is_being_stored() {
  Rig rig;
  rig.queue.queued_at = rig.clock.now();
  rig.queue.state = DurableCalls::Front::storing;
  rig.call("Younger", 1);
  TEST_ASSERT_EQUAL_size_t(0, rig.sent().size());
  rig.queue.state = DurableCalls::Front::ready;
  TEST_ASSERT_EQUAL_STRING("StopTransaction", Rig::action_of(rig.sent_one()).c_str());
}

void user_requests_are_sent_before_the_backlog() {
  Rig rig;
  rig.queue.state = DurableCalls::Front::ready;
  rig.clock.advance(10);
  rig.call("Authorize", 1, Priority::user);
  TEST_ASSERT_EQUAL_STRING("Authorize", Rig::action_of(rig.sent_one()).c_str());
}

void durable_messages_get_timeouts_and_late_answers() {
  Rig rig;
  rig.queue.state = DurableCalls::Front::ready;
  std::string first = rig.sent_one();
  rig.clock.advance(Messenger::kCallTimeout);
  rig.poll();
  TEST_ASSERT_EQUAL(1, rig.queue.timeouts);
  rig.call("A", 1);
  std::string ordinary = rig.sent_one();
  rig.answer(first);
  TEST_ASSERT_EQUAL(1, rig.queue.results);
  rig.answer(ordinary);
  TEST_ASSERT_EQUAL_size_t(1, rig.caller.results.size());
}

void full_queue_drops_the_oldest_replaceable_request() {
  Rig rig;
  rig.call("Sent", 99);
  rig.sent_one();
  for (uint32_t i = 0; i < Messenger::kMaxWaiting; ++i) {
    TEST_ASSERT_TRUE(rig.call("Fill", i, Priority::normal, i == 3 || i == 5 ? WhenFull::replaceable : WhenFull::keep));
  }
  TEST_ASSERT_TRUE(rig.call("New", 50));
  TEST_ASSERT_EQUAL_UINT32(3, rig.caller.failures.at(0).first);
  TEST_ASSERT_EQUAL(CallFailure::dropped, rig.caller.failures[0].second);
  TEST_ASSERT_TRUE(rig.call("New", 51));
  TEST_ASSERT_FALSE(rig.call("New", 52));
  TEST_ASSERT_EQUAL_UINT32(3, rig.messenger.dropped());
  TEST_ASSERT_EQUAL_size_t(Messenger::kMaxWaiting + 1, rig.messenger.queued());
}

void requests_of_the_csms_are_answered() {
  Rig rig;
  rig.receive("[2,\"42\",\"GetThing\",{\"a\":[1,\"\\u00e9\"]}]");
  TEST_ASSERT_EQUAL_STRING("GetThing", rig.handler.last.c_str());
  TEST_ASSERT_EQUAL_STRING("[3,\"42\",{\"echo\":{\"a\":[1,\"\\u00e9\"]}}]", rig.peer.take_messages().at(0).c_str());
  rig.handler.mode = 1;
  rig.receive("[2,\"43\",\"X\",{}]");
  TEST_ASSERT_EQUAL_STRING("[4,\"43\",\"NotSupported\",\"no \\\"thank\\\" you\",{}]",
                           rig.peer.take_messages().at(0).c_str());
  rig.handler.mode = 2;
  rig.receive("[2,\"44\",\"X\",{}]");
  TEST_ASSERT_EQUAL_STRING("[4,\"44\",\"InternalError\",\"the request was not answered\",{}]",
                           rig.peer.take_messages().at(0).c_str());
  rig.handler.mode = 3;
  rig.receive("[2,\"45\",\"X\",{}]");
  TEST_ASSERT_EQUAL_STRING("[4,\"45\",\"InternalError\",\"the answer is too long\",{}]",
                           rig.peer.take_messages().at(0).c_str());
}

void messages_of_the_charge_point_that_violate_their_schema_are_counted() {
  Rig rig;
  rig.call("Heartbeat", 1);
  rig.answer(rig.sent_one(), R"({"currentTime":"2024-01-01T00:00:00Z"})");
  TEST_ASSERT_EQUAL_UINT32(0, rig.messenger.invalid_sent());
  rig.call("Authorize", 2);  // without an idTag
  rig.sent_one();
  TEST_ASSERT_EQUAL_UINT32(1, rig.messenger.invalid_sent());
  TEST_ASSERT_TRUE(rig.uart.wrote("a request Authorize was sent that violates its schema: required idTag at byte 1"));
  rig.receive(R"([2,"42","Reset",{"type":"Soft"}])");  // the handler answers with an echo
  TEST_ASSERT_EQUAL_UINT32(2, rig.messenger.invalid_sent());
  TEST_ASSERT_TRUE(rig.uart.wrote("an answer to Reset was sent that violates its schema: additionalProperties"));
  rig.messenger.answer("43", "Reset", R"({"status":"Maybe"})");
  TEST_ASSERT_EQUAL_UINT32(3, rig.messenger.invalid_sent());
  TEST_ASSERT_TRUE(rig.uart.wrote("/status enum at byte 16"));
  rig.handler.mode = 1;  // a CALLERROR has no schema
  rig.receive(R"([2,"44","Reset",{"type":"Soft"}])");
  TEST_ASSERT_EQUAL_UINT32(3, rig.messenger.invalid_sent());
}

/// The charge point cannot reject an answer, so it is delivered.
void answers_that_violate_their_schema_are_counted_and_delivered() {
  Rig rig;
  rig.call("Heartbeat", 1);
  rig.answer(rig.sent_one(), R"({"currentTime":"2024-01-01 00:00"})");  // in another format, which can be read
  TEST_ASSERT_EQUAL_UINT32(0, rig.messenger.invalid_answers());
  rig.call("Heartbeat", 2);
  rig.answer(rig.sent_one(), R"({"currentTime":7})");
  TEST_ASSERT_EQUAL_UINT32(1, rig.messenger.invalid_answers());
  TEST_ASSERT_EQUAL_size_t(2, rig.caller.results.size());
  TEST_ASSERT_TRUE(rig.uart.wrote("the answer to Heartbeat violates its schema: /currentTime type at byte 15"));
}

void nothing_is_answered_when_the_handler_may_not_answer() {
  Rig rig;
  rig.handler.answers = false;
  rig.receive("[2,\"46\",\"X\",{}]");
  rig.receive("[2,\"47\",\"X\",[]]");
  rig.messenger.answer("48", "Echo", "{}");
  rig.poll();
  TEST_ASSERT_EQUAL_size_t(0, rig.peer.take_messages().size());
  rig.handler.answers = true;
  rig.messenger.answer("48", "Echo", "{}");
  rig.poll();
  TEST_ASSERT_EQUAL_STRING("[3,\"48\",{}]", rig.peer.take_messages().at(0).c_str());
}

void request_is_answered_at_once_during_an_own_request() {
  Rig rig;
  rig.call("A", 1);
  std::string ours = rig.sent_one();
  rig.receive("[2,\"x\",\"Y\",{}]");
  TEST_ASSERT_EQUAL_STRING("[3,\"x\",{\"echo\":{}}]", rig.peer.take_messages().at(0).c_str());
  rig.answer(ours);
  TEST_ASSERT_EQUAL_size_t(1, rig.caller.results.size());
}

void bad_messages_get_the_specified_answer_or_none() {
  struct Case {
    const char* message;
    const char* code;  // nullptr: no answer
  };
  const std::string long_id(37, 'i');
  const std::string long_id_call = "[2,\"" + long_id + "\",\"A\",{}]";
  const std::string deep_arrays(500, '[');
  const std::string deep_call = "[2,\"1\",\"A\",{\"a\":" + deep_arrays + std::string(500, ']') + "}]";
  const std::string deep_action_call = "[2,\"1\"," + deep_arrays + std::string(500, ']') + ",{}]";
  const std::string long_action_call = "[2,\"1\",\"" + std::string(60, 'a') + "\",{}]";
  const Case cases[] = {
      {"", nullptr},
      {"hello", nullptr},
      {"{}", nullptr},
      {"[]", nullptr},
      {"[2]", nullptr},
      {"[2,7,\"A\",{}]", nullptr},
      {"[2,\"\",\"A\",{}]", nullptr},
      {long_id_call.c_str(), nullptr},
      {"[\"2\",\"1\",\"A\",{}]", nullptr},
      {"[5,\"1\",\"A\",{}]", nullptr},
      {"[3,\"1\",{}]", nullptr},
      {"[4,\"1\"]", nullptr},
      {"[2,", nullptr},
      {"[2,\"1", nullptr},
      {"[2,\"\\x\",\"A\",{]", nullptr},
      {"[5,\"1\",\"A\",{]", nullptr},
      {"[3,\"1\",{]", nullptr},
      {deep_arrays.c_str(), nullptr},
      {deep_call.c_str(), "FormationViolation"},
      {deep_action_call.c_str(), "FormationViolation"},
      {"[2,\"1\",\"A\",{}", "FormationViolation"},
      {"[2,\"1\",\"A\",{\"a\":}]", "FormationViolation"},
      {"[2,\"1\",,{}]", "FormationViolation"},
      {"[2,\"1\",A,{}]", "FormationViolation"},
      {"[2,\"1\",\"A\",{}] and more", "FormationViolation"},
      {"[2,\"1\"]", "FormationViolation"},
      {"[2,\"1\",\"A\"]", "FormationViolation"},
      {"[2,\"1\",\"A\",{},1]", "FormationViolation"},
      {"[2,\"1\",5,{}]", "FormationViolation"},
      {"[2,\"1\",\"A\",[]]", "FormationViolation"},
      {"[2,\"1\",\"A\",null]", "FormationViolation"},
      {long_action_call.c_str(), "NotImplemented"},
  };
  for (const Case& c : cases) {
    Rig rig;
    rig.receive(c.message);
    std::vector<std::string> answers = rig.peer.take_messages();
    TEST_ASSERT_EQUAL_size_t_MESSAGE(c.code == nullptr ? 0 : 1, answers.size(), c.message);
    if (c.code != nullptr) TEST_ASSERT_EQUAL_STRING(c.code, Rig::action_of(answers[0]).c_str());
    TEST_ASSERT_TRUE(rig.connection.connected());
  }
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(requests_are_sent_one_at_a_time_in_order_with_unique_ids);
  RUN_TEST(request_without_answer_times_out_and_its_late_answer_counts_once);
  RUN_TEST(late_answers_count_for_the_last_requests);
  RUN_TEST(a_late_rejection_is_only_logged);
  RUN_TEST(late_answer_on_another_connection_is_ignored);
  RUN_TEST(code_and_description_of_a_rejection_are_logged);
  RUN_TEST(calls_longer_than_the_buffer_are_answered);
  RUN_TEST(answers_longer_than_the_buffer_are_failures);
  RUN_TEST(errors_and_malformed_answers_are_failures);
  RUN_TEST(answer_that_is_not_valid_json_answers_nothing);
  RUN_TEST(answer_that_is_nested_too_deep_ends_its_request);
  RUN_TEST(disconnect_fails_ordinary_requests_and_rejects_new_ones);
  RUN_TEST(durable_message_without_room_in_the_output_is_not_sent);
  RUN_TEST(close_frame_refuses_the_durable_message_in_flight);
  RUN_TEST(protocol_error_refuses_the_durable_message_in_flight);
  RUN_TEST(result_without_an_open_request_may_be_of_use_to_the_durable_queue);
  RUN_TEST(closed_gate_passes_only_boot_notification);
  RUN_TEST(durable_messages_and_requests_are_sent_by_age);
  RUN_TEST(younger_requests_wait_for_a_message_that_is_being_stored);
  RUN_TEST(user_requests_are_sent_before_the_backlog);
  RUN_TEST(durable_messages_get_timeouts_and_late_answers);
  RUN_TEST(full_queue_drops_the_oldest_replaceable_request);
  RUN_TEST(requests_of_the_csms_are_answered);
  RUN_TEST(messages_of_the_charge_point_that_violate_their_schema_are_counted);
  RUN_TEST(answers_that_violate_their_schema_are_counted_and_delivered);
  RUN_TEST(nothing_is_answered_when_the_handler_may_not_answer);
  RUN_TEST(request_is_answered_at_once_during_an_own_request);
  RUN_TEST(bad_messages_get_the_specified_answer_or_none);
  return UNITY_END();
}

#include <string>

#include "features/captive_portal/dns_answer.h"
#include "support/app_device.h"
#include "support/check.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

const std::string kA("\0\1\0\1", 4);      // type and class of a question (RFC 1035, section 4.1.2)
const std::string kAaaa("\0\34\0\1", 4);  // RFC 3596, section 2.1
const std::string kName("\7captive\5apple\3com\0", 19);
const std::string kQuery("\x12\x34\1\0\0\1\0\0\0\0\0\0", 12);  // an id, recursion desired, one question

std::string answer_to(std::string query, size_t room = Udp::kMaxDatagram) {
  const size_t length = query.size();
  query.resize(room, '\0');
  const size_t answered =
      answer_dns({reinterpret_cast<uint8_t*>(&query[0]), query.size()}, length, Network::kAccessPointAddress);
  return query.substr(0, answered);
}

void check_bytes(const std::string& expected, const std::string& actual) {
  TEST_ASSERT_EQUAL_size_t(expected.size(), actual.size());
  TEST_ASSERT_EQUAL_HEX8_ARRAY(expected.data(), actual.data(), expected.size());
}

void a_name_has_the_address_of_the_access_point() {
  const std::string header("\x12\x34\x85\0\0\1\0\1\0\0\0\0", 12);
  const std::string record("\xc0\x0c\0\1\0\1\0\0\0\0\0\4\xc0\xa8\4\1", 16);
  check_bytes(header + kName + kA + record, answer_to(kQuery + kName + kA));
}

/// An OPT record (RFC 6891) after the question is left out of the answer.
void records_behind_the_question_are_ignored() {
  std::string query = kQuery + kName + kA + std::string("\0\0\51\x10\0\0\0\0\0\0\0", 11);
  query[11] = 1;
  TEST_ASSERT_EQUAL_size_t(12 + kName.size() + 4 + 16, answer_to(query).size());
}

void another_type_has_no_record() {
  const std::string header("\x12\x34\x85\0\0\1\0\0\0\0\0\0", 12);
  check_bytes(header + kName + kAaaa, answer_to(kQuery + kName + kAaaa));
}

void another_operation_is_not_implemented() {
  std::string query = kQuery + kName + kA;
  query[2] = 0x28;  // UPDATE (RFC 2136)
  check_bytes(std::string("\x12\x34\xac\4\0\0\0\0\0\0\0\0", 12), answer_to(query));
}

void malformed_questions_are_rejected() {
  const std::string rejection("\x12\x34\x85\1\0\0\0\0\0\0\0\0", 12);
  std::string none = kQuery;
  none[5] = 0;
  std::string two = kQuery + kName + kA + kName + kA;
  two[5] = 2;
  std::string too_long;
  for (int i = 0; i < 4; ++i) too_long += "\77" + std::string(63, 'x');
  for (const std::string& query :
       {none, two, kQuery, kQuery + kName, kQuery + kName + kA.substr(1), kQuery + "\7capt", kQuery + "\xc0\x0c" + kA,
        kQuery + "\100" + std::string(64, 'x') + '\0' + kA, kQuery + too_long + '\0' + kA}) {
    check_bytes(rejection, answer_to(query));
  }
}

void a_packet_that_is_no_query_gets_no_answer() {
  TEST_ASSERT_EQUAL_size_t(0, answer_to("").size());
  TEST_ASSERT_EQUAL_size_t(0, answer_to(kQuery.substr(1)).size());
  std::string response = kQuery + kName + kA;
  response[2] = '\x80';
  TEST_ASSERT_EQUAL_size_t(0, answer_to(response).size());
}

void the_longest_name_fits_into_a_datagram() {
  std::string name;
  for (int i = 0; i < 3; ++i) name += "\77" + std::string(63, 'x');
  name += "\75" + std::string(61, 'y') + '\0';
  TEST_ASSERT_EQUAL_size_t(255, name.size());
  TEST_ASSERT_EQUAL_size_t(12 + 255 + 4 + 16, answer_to(kQuery + name + kA).size());
}

void queries_are_answered_while_the_access_point_is_open() {
  AppDevice device;
  device.boot();
  device.run_rounds(4);
  TEST_ASSERT_EQUAL(0, device.udp.open_port);
  device.command("set setup_psk 12345678");
  device.run_rounds(4);
  TEST_ASSERT_EQUAL(53, device.udp.open_port);
  for (int i = 0; i < 6; ++i) device.udp.incoming.push_back(kQuery + kName + kA);
  device.run_rounds(2);
  TEST_ASSERT_EQUAL_size_t(6, device.udp.sent.size());
  device.command("set setup_psk");
  device.run_rounds(4);
  TEST_ASSERT_EQUAL(0, device.udp.open_port);
}

void a_platform_without_sockets_is_reported_once() {
  AppDevice device;
  device.udp.has_socket = false;
  device.boot();
  device.command("set setup_psk 12345678");
  device.uart.take();
  device.run_rounds(8);
  TEST_ASSERT_FALSE(device.uart.wrote("no socket"));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(a_name_has_the_address_of_the_access_point);
  RUN_TEST(records_behind_the_question_are_ignored);
  RUN_TEST(another_type_has_no_record);
  RUN_TEST(another_operation_is_not_implemented);
  RUN_TEST(malformed_questions_are_rejected);
  RUN_TEST(a_packet_that_is_no_query_gets_no_answer);
  RUN_TEST(the_longest_name_fits_into_a_datagram);
  RUN_TEST(queries_are_answered_while_the_access_point_is_open);
  RUN_TEST(a_platform_without_sockets_is_reported_once);
  return UNITY_END();
}

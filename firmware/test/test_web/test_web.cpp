#include <string>

#include "features/web_ui/page.h"
#include "support/app_device.h"
#include "support/check.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

/// A device with its page, and a browser that keeps the cookie and the CSRF token.
struct Page : AppDevice {
  std::string cookie;
  std::string csrf;
  std::string password;
  bool sends_csrf = true;
  std::string origin = "http://10.0.0.7";

  Page() {
    tcp.has_listener = true;
    start();
  }

  void start() {
    boot();
    run_rounds(4);
    const std::string log = uart.take();
    const std::string word = "password=";
    const size_t at = log.find(word);
    if (at != std::string::npos) password = log.substr(at + word.size(), 14);
  }

  /// @return the whole answer
  std::string send(const std::string& method, const std::string& path, const std::string& body = "") {
    std::string request = method + " " + path + " HTTP/1.1\r\nHost: 10.0.0.7\r\n";
    if (!cookie.empty()) request += "Cookie: session=" + cookie + "\r\n";
    if (!origin.empty()) request += "Origin: " + origin + "\r\n";
    if (sends_csrf && !csrf.empty()) request += "X-CSRF-Token: " + csrf + "\r\n";
    if (method == "POST") {
      request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    }
    return exchange(request + "\r\n" + body);
  }
  std::string exchange(const std::string& bytes) {
    ++tcp.callers;
    run_rounds(1);
    const int socket = tcp.last;
    tcp.deliver(bytes);
    for (int i = 0; i < 200 && tcp.peer(socket).used; ++i) {
      run_rounds(1);
      clock.advance(1);
    }
    return tcp.peer(socket).sent;
  }
  std::string upload_head(size_t length) const {
    return "POST /api/firmware HTTP/1.1\r\nHost: 10.0.0.7\r\nCookie: session=" + cookie + "\r\nX-CSRF-Token: " + csrf +
           "\r\nContent-Type: application/octet-stream\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
  }
  std::string upload(const std::string& image) { return exchange(upload_head(image.size()) + image); }
  std::string get(const std::string& path) { return send("GET", path); }
  std::string post(const std::string& path, const std::string& body) { return send("POST", path, body); }

  std::string log_in(const std::string& with) {
    const std::string answer = post("/api/login", "{\"password\":\"" + with + "\"}");
    take_session(answer);
    return answer;
  }
  void take_session(const std::string& answer) {
    cookie = between(answer, "Set-Cookie: session=", ";");
    csrf = between(answer, "\"csrf\":\"", "\"");
  }
  /// Logs in for the first time, and replaces the password.
  void settle() {
    log_in(password);
    take_session(post("/api/password", "{\"old\":\"" + password + "\",\"new\":\"a new password\"}"));
    password = "a new password";
  }

  static std::string between(const std::string& text, const std::string& before, const std::string& end) {
    const size_t at = text.find(before);
    if (at == std::string::npos) return "";
    const size_t start = at + before.size();
    return text.substr(start, text.find(end, start) - start);
  }
};

void check_status(int status, const std::string& answer) {
  check_contains("HTTP/1.1 " + std::to_string(status) + " ", answer.substr(0, 200));
}

void a_platform_without_listener_has_no_page_and_no_password() {
  AppDevice device;
  device.boot();
  device.run_rounds(4);
  TEST_ASSERT_FALSE(device.uart.wrote("password"));
  TEST_ASSERT_EQUAL(0, device.secrets.blobs.count("web"));
}

void the_page_is_served_to_anyone_with_its_policy() {
  Page page;
  const std::string answer = page.get("/");
  check_status(200, answer);
  check_contains("Content-Encoding: gzip\r\n", answer);
  check_contains("script-src 'sha256-", answer);
  check_contains("frame-ancestors 'none'", answer);
  check_contains("X-Content-Type-Options: nosniff\r\n", answer);
  const WebPage made = web_page();
  TEST_ASSERT_EQUAL_STRING_LEN(reinterpret_cast<const char*>(made.gzip.data),
                               answer.substr(answer.find("\r\n\r\n") + 4).c_str(), 10);
  TEST_ASSERT_TRUE(made.gzip.length <= 40 * 1024);
}

void the_first_password_is_printed_once_and_stored_as_a_hash() {
  Page page;
  TEST_ASSERT_EQUAL(14, page.password.size());
  TEST_ASSERT_TRUE(page.secrets.blobs.at("web").find(page.password) == std::string::npos);
  const std::string first = page.password;
  page.password.clear();
  page.start();
  TEST_ASSERT_EQUAL_STRING("", page.password.c_str());
  check_status(200, page.log_in(first));
}

void the_first_password_is_not_in_the_stored_log() {
  Page page;
  const std::string answer = page.command("log tail");
  TEST_ASSERT_TRUE(answer.find(page.password) == std::string::npos);
  page.settle();
  TEST_ASSERT_TRUE(page.get("/api/log").find("password=") == std::string::npos);
}

void with_the_first_password_only_another_one_can_be_set() {
  Page page;
  check_contains("\"must_change\":true", page.log_in(page.password));
  check_contains("\"password_must_change\"", page.get("/api/status"));
  check_contains("\"password_must_change\"", page.post("/api/restart", "{}"));
  page.settle();
  check_status(200, page.get("/api/status"));
  check_contains("\"must_change\":false", page.log_in("a new password"));
}

void a_new_password_must_be_long_enough_and_the_old_one_right() {
  Page page;
  page.settle();
  check_contains("\"error\":\"new\"", page.post("/api/password", "{\"old\":\"a new password\",\"new\":\"short\"}"));
  check_contains("\"error\":\"old\"", page.post("/api/password", "{\"old\":\"wrong\",\"new\":\"long enough it is\"}"));
  check_status(200, page.log_in("a new password"));
}

void a_password_survives_a_restart_and_the_session_does_not() {
  Page page;
  page.settle();
  page.start();
  check_status(401, page.get("/api/status"));
  check_status(200, page.log_in("a new password"));
}

void a_password_that_cannot_be_stored_changes_nothing() {
  Page page;
  page.settle();
  page.secrets.broken = true;
  check_status(500, page.post("/api/password", "{\"old\":\"a new password\",\"new\":\"another password\"}"));
  check_status(200, page.log_in("a new password"));
}

void the_cookie_is_kept_from_scripts_and_other_sites() {
  Page page;
  const std::string answer = page.log_in(page.password);
  check_contains("; Path=/; HttpOnly; SameSite=Strict\r\n", answer);
  TEST_ASSERT_EQUAL(32, page.cookie.size());
  TEST_ASSERT_EQUAL(32, page.csrf.size());
  TEST_ASSERT_TRUE(page.cookie != page.csrf);
}

void wrong_passwords_make_the_next_one_wait() {
  Page page;
  page.settle();
  for (uint32_t i = 0; i < WebLogin::kFreeFailures; ++i) check_status(401, page.log_in("wrong"));
  const std::string rejected = page.log_in("a new password");
  check_status(429, rejected);
  check_contains("Retry-After: 2\r\n", rejected);
  page.clock.advance(WebLogin::kFirstPause);
  check_status(200, page.log_in("a new password"));
  check_status(401, page.log_in("wrong"));  // a right one has cleared the count
  check_status(200, page.log_in("a new password"));
}

void the_pause_after_wrong_passwords_doubles_up_to_a_minute() {
  Page page;
  page.settle();
  for (uint32_t i = 0; i < WebLogin::kFreeFailures + 8; ++i) {
    page.log_in("wrong");
    page.clock.advance(i + 1 < WebLogin::kFreeFailures + 8 ? WebLogin::kMaxPause : 0);
  }
  check_contains("Retry-After: 60\r\n", page.log_in("a new password"));
}

void every_route_but_the_page_needs_a_login() {
  Page page;
  page.settle();
  page.cookie = "0123456789abcdef0123456789abcdef";
  for (const char* path : {"/api/session", "/api/status", "/api/events", "/api/config", "/api/networks", "/api/scan",
                           "/api/log", "/api/transactions", "/api/diagnostics"}) {
    check_status(401, page.get(path));
  }
  for (const char* path : {"/api/logout", "/api/password", "/api/config", "/api/networks", "/api/networks/remove",
                           "/api/scan", "/api/firmware", "/api/restart"}) {
    check_status(401, page.post(path, "{}"));
  }
}

void a_change_needs_the_token_of_the_session() {
  Page page;
  page.settle();
  page.sends_csrf = false;
  check_contains("\"error\":\"csrf\"", page.post("/api/restart", "{}"));
  page.sends_csrf = true;
  page.csrf = page.cookie;
  check_contains("\"error\":\"csrf\"", page.post("/api/restart", "{}"));
  TEST_ASSERT_FALSE(page.app->restart_requested());
}

void a_change_from_another_sites_page_is_rejected() {
  Page page;
  page.settle();
  for (const char* other : {"http://10.0.0.70", "https://10.0.0.7", "null"}) {
    page.origin = other;
    check_contains("\"error\":\"origin\"", page.post("/api/restart", "{}"));
    check_contains("\"error\":\"origin\"", page.post("/api/login", "{\"password\":\"a new password\"}"));
  }
  page.origin.clear();  // no browser
  check_status(200, page.post("/api/logout", "{}"));
}

void a_session_ends_when_it_is_idle_or_logged_out() {
  Page page;
  page.settle();
  page.clock.advance(WebSessions::kIdleLimit - 1000);
  check_status(200, page.get("/api/status"));
  page.clock.advance(WebSessions::kIdleLimit);
  check_status(401, page.get("/api/status"));
  page.log_in("a new password");
  check_contains("Max-Age=0", page.post("/api/logout", "{}"));
  check_status(401, page.get("/api/status"));
}

void a_third_login_takes_the_place_of_the_session_that_was_idle_longest() {
  Page page;
  page.settle();
  const std::string first = page.cookie;
  page.clock.advance(10);
  page.log_in("a new password");
  const std::string second = page.cookie;
  page.clock.advance(10);
  page.log_in("a new password");
  page.cookie = first;
  check_status(401, page.get("/api/session"));
  page.cookie = second;
  check_status(200, page.get("/api/session"));
}

void a_setting_is_changed_or_rejected_with_its_reason() {
  Page page;
  page.settle();
  check_status(200, page.post("/api/config", "{\"key\":\"heartbeat_interval_s\",\"value\":77}"));
  check_contains("\"heartbeat_interval_s\":77", page.command("config"));
  const std::string rejected = page.post("/api/config", "{\"key\":\"heartbeat_interval_s\",\"value\":\"x\"}");
  check_status(422, rejected);
  check_contains("{\"error\":\"heartbeat_interval_s\",\"message\":\"must be a whole number\"}", rejected);
  check_status(422, page.post("/api/config", "{\"value\":\"x\"}"));
  check_status(422, page.post("/api/config", "{\"key\":\"no_such_key\",\"value\":\"x\"}"));
  check_status(413, page.post("/api/config", "{\"key\":\"wifi_ssid\",\"value\":\"" + std::string(400, 'x') + "\"}"));
  check_status(400, page.post("/api/config", "[]"));
}

void a_setting_that_cannot_be_stored_is_answered_so() {
  Page page;
  page.settle();
  page.flash.full = true;
  check_status(500, page.post("/api/config", "{\"key\":\"heartbeat_interval_s\",\"value\":5}"));
}

void no_answer_has_a_secret() {
  Page page;
  page.settle();
  page.command("set wifi_psk secret-of-the-settings");
  page.command("set setup_psk secret-of-the-setup");
  page.command("wifi add 1 home psk=secret-of-the-network");
  page.run_rounds(4);
  std::string all;
  for (const char* path : {"/api/config", "/api/networks", "/api/diagnostics", "/api/status", "/api/log"}) {
    const std::string answer = page.get(path);
    check_status(200, answer);
    all += answer;
  }
  TEST_ASSERT_TRUE(all.find("secret-of") == std::string::npos);
  check_contains("\"key\":\"wifi_psk\"", all);
  check_contains("\"ssid\":\"home\",\"open\":false", all);
}

void networks_are_added_and_removed() {
  Page page;
  page.settle();
  check_status(200, page.post("/api/networks", "{\"ssid\":\"home\",\"psk\":\"12345678\",\"priority\":2}"));
  check_contains("[{\"priority\":2,\"ssid\":\"home\",\"open\":false}]", page.get("/api/networks"));
  check_contains("\"error\":\"psk\"", page.post("/api/networks", "{\"ssid\":\"x\",\"psk\":\"short\",\"priority\":2}"));
  check_contains("\"error\":\"priority\"", page.post("/api/networks", "{\"ssid\":\"x\",\"priority\":10}"));
  check_status(200, page.post("/api/networks/remove", "{\"ssid\":\"home\"}"));
  check_contains("\r\n\r\n[]", page.get("/api/networks"));
  check_contains("\"error\":\"ssid\"", page.post("/api/networks/remove", "{\"ssid\":\"home\"}"));
}

void restart_comes_after_its_answer() {
  Page page;
  page.settle();
  check_status(202, page.post("/api/restart", "{}"));
  TEST_ASSERT_FALSE(page.app->restart_requested());
  page.clock.advance(1000);
  page.run_rounds(1);
  TEST_ASSERT_TRUE(page.app->restart_requested());
}

void an_image_is_taken_and_its_restart_waits_for_the_answer() {
  Page page;
  page.settle();
  const std::string image = FakeUpdates::make(5000);
  const std::string answer = page.upload(image);
  check_status(202, answer);
  check_contains("{\"restart\":\"now\"}", answer);
  TEST_ASSERT_TRUE(image == page.updates.image);
  TEST_ASSERT_TRUE(page.updates.is_chosen);
  TEST_ASSERT_FALSE(page.app->restart_requested());
  page.clock.advance(1000);
  page.run_rounds(1);
  TEST_ASSERT_TRUE(page.app->restart_requested());
}

void a_bad_image_is_rejected_with_its_reason() {
  Page page;
  page.settle();
  check_contains("{\"error\":\"no_image\",\"message\":\"the file is no application image (firmware.bin)\"}",
                 page.upload(std::string(5000, 'x')));
  page.updates.verdict = UpdateResult::damaged;
  const std::string damaged = page.upload(FakeUpdates::make(5000));
  check_status(422, damaged);
  check_contains("\"error\":\"damaged\"", damaged);
  check_status(413, page.upload(FakeUpdates::make(page.updates.slot_size + 1)));
  check_status(411, page.upload(""));
  check_status(415, page.post("/api/firmware", "{}"));
  page.clock.advance(1000);
  page.run_rounds(1);
  TEST_ASSERT_FALSE(page.app->restart_requested());
}

void two_images_at_once_are_one_too_many() {
  Page page;
  page.settle();
  ++page.tcp.callers;
  page.run_rounds(1);
  const int first = page.tcp.last;
  page.tcp.deliver(page.upload_head(5000) + FakeUpdates::make(1000));
  page.run_rounds(8);
  check_contains("\"error\":\"busy\"", page.upload(FakeUpdates::make(5000)));
  page.tcp.peer(first).state = TcpState::closed;
  page.run_rounds(8);
  TEST_ASSERT_EQUAL(1, page.updates.aborts);
  check_status(202, page.upload(FakeUpdates::make(5000)));
}

void other_paths_and_methods_are_rejected() {
  Page page;
  for (const char* path : {"/index.html", "/../config.json", "/api/config/..", "/%2e%2e/config.json", "//", "/api"}) {
    check_status(404, page.get(path));
  }
  check_status(405, page.post("/", "{}"));
  check_status(405, page.send("PUT", "/api/config"));
  check_status(405, page.send("OPTIONS", "/"));
}

void the_setting_switches_the_page_off_and_on() {
  Page page;
  TEST_ASSERT_EQUAL(80, page.tcp.listening_port);
  page.command("set web off");
  page.run_rounds(2);
  TEST_ASSERT_EQUAL(0, page.tcp.listening_port);
  page.command("set web on");
  page.run_rounds(2);
  TEST_ASSERT_EQUAL(80, page.tcp.listening_port);
  check_contains("= error: web must be on, off or setup", page.command("set web maybe"));
}

void for_setup_only_the_page_follows_the_access_point() {
  Page page;
  page.command("set web setup");
  page.run_rounds(2);
  TEST_ASSERT_EQUAL(0, page.tcp.listening_port);
  page.command("set setup_psk 12345678");
  page.run_rounds(4);
  TEST_ASSERT_EQUAL(80, page.tcp.listening_port);
}

void a_phone_in_the_access_point_is_sent_to_the_page() {
  Page page;
  const std::string probe = "GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\n\r\n";
  check_status(404, page.exchange(probe));
  page.command("set setup_psk 12345678");
  page.run_rounds(4);
  const std::string answer = page.exchange(probe);
  check_status(302, answer);
  check_contains("Location: http://192.168.4.1/\r\n", answer);
  check_status(200, page.exchange("GET / HTTP/1.1\r\nHost: 192.168.4.1:80\r\n\r\n"));
}

/// Also while wrong passwords have locked the login.
void the_console_gives_a_new_password() {
  Page page;
  page.settle();
  for (uint32_t i = 0; i < WebLogin::kFreeFailures; ++i) page.log_in("wrong");
  page.uart.type("web password\r\n");
  page.run_rounds(6);
  const std::string log = page.uart.take();
  const std::string fresh = Page::between(log, "password=", "\r\n");
  check_status(401, page.get("/api/session"));
  check_contains("\"must_change\":true", page.log_in(fresh));
  check_contains("\"first_password\":true", page.command("web"));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(a_platform_without_listener_has_no_page_and_no_password);
  RUN_TEST(the_page_is_served_to_anyone_with_its_policy);
  RUN_TEST(the_first_password_is_printed_once_and_stored_as_a_hash);
  RUN_TEST(the_first_password_is_not_in_the_stored_log);
  RUN_TEST(with_the_first_password_only_another_one_can_be_set);
  RUN_TEST(a_new_password_must_be_long_enough_and_the_old_one_right);
  RUN_TEST(a_password_survives_a_restart_and_the_session_does_not);
  RUN_TEST(a_password_that_cannot_be_stored_changes_nothing);
  RUN_TEST(the_cookie_is_kept_from_scripts_and_other_sites);
  RUN_TEST(wrong_passwords_make_the_next_one_wait);
  RUN_TEST(the_pause_after_wrong_passwords_doubles_up_to_a_minute);
  RUN_TEST(every_route_but_the_page_needs_a_login);
  RUN_TEST(a_change_needs_the_token_of_the_session);
  RUN_TEST(a_change_from_another_sites_page_is_rejected);
  RUN_TEST(a_session_ends_when_it_is_idle_or_logged_out);
  RUN_TEST(a_third_login_takes_the_place_of_the_session_that_was_idle_longest);
  RUN_TEST(a_setting_is_changed_or_rejected_with_its_reason);
  RUN_TEST(a_setting_that_cannot_be_stored_is_answered_so);
  RUN_TEST(no_answer_has_a_secret);
  RUN_TEST(networks_are_added_and_removed);
  RUN_TEST(restart_comes_after_its_answer);
  RUN_TEST(an_image_is_taken_and_its_restart_waits_for_the_answer);
  RUN_TEST(a_bad_image_is_rejected_with_its_reason);
  RUN_TEST(two_images_at_once_are_one_too_many);
  RUN_TEST(other_paths_and_methods_are_rejected);
  RUN_TEST(the_setting_switches_the_page_off_and_on);
  RUN_TEST(for_setup_only_the_page_follows_the_access_point);
  RUN_TEST(a_phone_in_the_access_point_is_sent_to_the_page);
  RUN_TEST(the_console_gives_a_new_password);
  return UNITY_END();
}

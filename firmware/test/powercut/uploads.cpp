// A browser that uploads an application image.
#include "powercut/uploads.h"

#include "powercut/images.h"
#include "powercut/scenario.h"

namespace pb::powercut {
namespace {

constexpr const char* kPassword = "a new password";

std::string between(const std::string& text, const std::string& before, const std::string& end) {
  const size_t at = text.find(before);
  if (at == std::string::npos) return "";
  const size_t start = at + before.size();
  return text.substr(start, text.find(end, start) - start);
}

/// A session of the page.
struct Session {
  std::string cookie;
  std::string csrf;

  std::string request(const std::string& path, const std::string& type, const std::string& body) const {
    std::string text = "POST " + path + " HTTP/1.1\r\nHost: 10.0.0.7\r\n";
    if (!cookie.empty()) text += "Cookie: session=" + cookie + "\r\nX-CSRF-Token: " + csrf + "\r\n";
    return text + "Content-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  void take(const std::string& answer) {
    cookie = between(answer, "Set-Cookie: session=", ";");
    csrf = between(answer, "\"csrf\":\"", "\"");
  }
};

/// @param expected the status  @return the answer
std::string browse(Device& device, const std::string& request, const std::string& expected) {
  const std::string answer = device.browse(request);
  if (device.alive() && answer.compare(0, 13, "HTTP/1.1 " + expected + " ") != 0) {
    device.world().violate("refused", "the page answers " + answer.substr(0, answer.find('\r')));
  }
  return answer;
}

Session log_in(Device& device, const std::string& password) {
  Session session;
  session.take(
      browse(device, session.request("/api/login", "application/json", "{\"password\":\"" + password + "\"}"), "200"));
  return session;
}

std::string upload_request(const Session& session) {
  return session.request("/api/firmware", "application/octet-stream", make_image('2'));
}

void prepare(Device& device, size_t slot) {
  install_first_image(device.world(), slot);
  device.power_on();
  provision(device);
  const std::string first = device.first_password();
  const Session session = log_in(device, first);
  browse(
      device,
      session.request("/api/password", "application/json", "{\"old\":\"" + first + "\",\"new\":\"" + kPassword + "\"}"),
      "200");
  device.settle();
  device.world().acknowledge("image", "1");
}

}  // namespace

void prepare_upload(Device& device) { prepare(device, 0); }

void prepare_upload_to_first_slot(Device& device) {
  prepare(device, 1);
  // The trial takes a quarter of an hour without a CSMS.
  device.set("backoff_max_ms", "300000");
}

void upload(Device& device) {
  const Session session = log_in(device, kPassword);
  if (!device.alive()) return;
  device.world().change("image", "2");
  browse(device, upload_request(session), "202");
}

void upload_half(Device& device) {
  const std::string request = upload_request(log_in(device, kPassword));
  device.browse(request, request.size() / 2);
}

}  // namespace pb::powercut

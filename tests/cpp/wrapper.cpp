// tdc.hpp over the library: every function once, every kind of request, errors, owners and threads.
// Built with AddressSanitizer where the compiler has it (scripts/test-cpp).
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "tdc.hpp"

namespace {

void expect(bool holds, const char *what, int line) {
    if (!holds) {
        std::fprintf(stderr, "wrapper.cpp:%d: expected %s\n", line, what);
        std::exit(1);
    }
}
#define EXPECT(condition) expect((condition), #condition, __LINE__)

template <typename Run> tdc::Error error_of(Run run) {
    try {
        run();
    } catch (const tdc::Error &error) {
        return error;
    }
    return tdc::Error(TDC_OK, "nothing was thrown");
}

std::string field(unsigned number, std::string_view contents) {
    std::string to;
    tdc::detail::put_bytes(to, number, contents);
    return to;
}

std::string head_of(std::string_view encoding) {
    return field(1, field(1, "encoding") + field(2, encoding));
}

std::string payload_of(std::string_view encoding, std::string_view data) {
    return head_of(encoding) + field(2, data);
}

const std::string KEY = "example-key-example-key-example!";
const std::string PAYLOAD = payload_of("json/plain", "{\"order\":1}");
const std::string PAYLOADS = field(1, PAYLOAD) + field(1, PAYLOAD);
const char *const HOST_KEYS = "version: 1\nkeys: { primary: one, host: true }\ncodecs: [encrypt]\n";

static_assert(std::is_nothrow_move_constructible_v<tdc::Buffer>);
static_assert(std::is_nothrow_move_constructible_v<tdc::DataConverter>);
static_assert(!std::is_copy_constructible_v<tdc::Buffer>);
static_assert(!std::is_copy_constructible_v<tdc::DataConverter>);

class Keys : public tdc::Host {
  public:
    std::optional<std::string> key(std::string_view id) override {
        asked++;
        if (id == "one") {
            return KEY;
        }
        return std::nullopt;
    }
    std::atomic<int> asked{0};
};

void keys_of_the_host() {
    Keys keys;
    auto converter = tdc::DataConverter::parse(HOST_KEYS, {}, {}, &keys);
    EXPECT(converter.flags() & TDC_FLAG_HOST_KEYS);
    tdc::Buffer encoded = converter.encode(PAYLOADS, tdc::context_of_namespace("orders"));
    EXPECT(encoded.view() != PAYLOADS && !encoded.empty());
    EXPECT(converter.decode(encoded.view()).str() == PAYLOADS);
    EXPECT(keys.asked == 1);

    // Moved from and assigned to: one owner at a time.
    tdc::Buffer moved = std::move(encoded);
    encoded = tdc::Buffer();
    tdc::DataConverter elsewhere = std::move(converter);
    EXPECT(elsewhere.decode(moved.view()).str() == PAYLOADS);

    elsewhere.reload();
    EXPECT(elsewhere.decode(moved.view()).str() == PAYLOADS);
    EXPECT(keys.asked == 2);
}

void errors() {
    const auto config = error_of([] { tdc::DataConverter::parse("version: 1\ncodec: [zlib]\n"); });
    EXPECT(config.code() == TDC_ERR_CONFIG && std::string(config.name()) == "TDC_ERR_CONFIG");
    EXPECT(std::string(config.what()).find("line 2") == 0 && config.payload_index() == -1);
    EXPECT(error_of([] { tdc::DataConverter::open("no such file.yaml"); }).code() != TDC_OK);

    const auto keyless = tdc::DataConverter::parse(HOST_KEYS);
    EXPECT(error_of([&] { keyless.encode(PAYLOADS); }).code() != TDC_OK);
    tdc::Call call;
    std::vector<std::uint8_t> out(1024);
    EXPECT(error_of([&] { keyless.encode_payload(PAYLOAD, {}, out.data(), out.size(), {}, &call); }).code() !=
           TDC_OK);

    Keys keys;
    const auto converter = tdc::DataConverter::parse(HOST_KEYS, {}, {}, &keys);
    std::string encoded = converter.encode(PAYLOADS).str();
    encoded.back() ^= 1;
    const auto changed = error_of([&] { converter.decode(encoded); });
    EXPECT(changed.code() == TDC_ERR_AUTHENTICATION && changed.payload_index() == 1 && changed.transient());
    EXPECT(error_of([&] { converter.decode("\x0a\x7f"); }).code() == TDC_ERR_PROTOBUF);

    // What a host throws comes through.
    class Throws : public tdc::Host {
        std::optional<std::string> key(std::string_view) override {
            throw std::logic_error("of the host");
        }
    } throws;
    const auto failing = tdc::DataConverter::parse(HOST_KEYS, {}, {}, &throws);
    bool came_through = false;
    try {
        failing.encode(PAYLOADS);
    } catch (const std::logic_error &) {
        came_through = true;
    }
    EXPECT(came_through);
}

void one_payload() {
    Keys keys;
    const auto converter = tdc::DataConverter::parse(HOST_KEYS, {}, {}, &keys);
    const std::string data(1000, 'x');
    std::string head = head_of("binary/plain") + "\x12";
    tdc::detail::put_varint(head, data.size());

    std::vector<std::uint8_t> sealed(converter.encode_bound(head.size() + data.size()));
    const auto small = error_of([&] { converter.encode_payload(head, data, sealed.data(), 10); });
    EXPECT(small.code() == TDC_ERR_BUFFER_TOO_SMALL && small.size_needed() <= sealed.size());

    tdc::Call call;
    const auto encoded = converter.encode_payload(head, data, sealed.data(), sealed.size(), {}, &call);
    EXPECT(encoded && encoded->bytes.size() > data.size() && encoded->data.size() > data.size());
    std::vector<std::uint8_t> opened(sealed.size());
    const auto decoded =
        converter.decode_payload(encoded->bytes, {}, opened.data(), opened.size(), {}, &call);
    EXPECT(decoded && decoded->bytes == head + data && decoded->data == data);

    const auto plain = tdc::DataConverter::parse("version: 1\n");
    EXPECT(!plain.encode_payload(PAYLOAD, {}, opened.data(), opened.size()));

    // What was compressed opens to more than the buffer holds: the answer owns its memory.
    const auto zlib = tdc::DataConverter::parse("version: 1\ncodecs: [zlib]\n");
    const auto deflated = zlib.encode_payload(head, data, sealed.data(), sealed.size());
    EXPECT(deflated && deflated->bytes.size() < 200);
    const auto inflated = zlib.decode_payload(deflated->bytes, {}, opened.data(), deflated->bytes.size());
    EXPECT(inflated && !inflated->owned.empty() && inflated->data == data);
}

void values_failures_messages() {
    Keys keys;
    const auto converter = tdc::DataConverter::parse(
        std::string(HOST_KEYS) + "failures: { encode_common_attributes: true }\n", {}, {}, &keys);
    const tdc::Buffer payloads = converter.to_payload(PAYLOADS);
    EXPECT(converter.from_payload(payloads.view()).str() == PAYLOADS);

    const std::string failure = field(1, "secret message");
    const tdc::Buffer hidden = converter.encode_failure(failure);
    EXPECT(hidden.view().find("secret message") == std::string::npos);
    EXPECT(converter.decode_failure(hidden.view()).str().find("secret message") != std::string::npos);

    const std::string name = "temporal.api.query.v1.WorkflowQuery";
    const std::string query = field(1, "status") + field(2, PAYLOADS);
    const tdc::Buffer encoded = converter.encode_message(name, query);
    EXPECT(encoded.view() != query);
    EXPECT(converter.decode_message(name, encoded.view()).str() == query);
    EXPECT(error_of([&] { converter.encode_message("no.such.Type", query); }).code() == TDC_ERR_TYPE);

    EXPECT(converter.decode_history("{\"events\":[]}").str() == "{\"events\":[]}");
}

void a_codec_server() {
    const char *const config =
        "version: 1\ncodecs: [remote: { url: 'https://codec.example.com', headers: { X-Team: orders } }]\n";
    class Server : public tdc::Host {
        tdc::HttpResponse http(const tdc::HttpRequest &request) override {
            EXPECT(request.method == "POST" && request.url == "https://codec.example.com/encode");
            EXPECT(!request.headers.empty() && !request.body.empty());
            EXPECT(request.timeout.count() > 0 && request.max_response_bytes > 0);
            return {200, "{\"payloads\":[{\"metadata\":{\"encoding\":\"ZmFy\"},\"data\":\"eA==\"}]}"};
        }
    } server;
    const auto converter = tdc::DataConverter::parse(config, {}, "orders", &server);
    EXPECT(converter.encode(field(1, PAYLOAD)).str() == field(1, payload_of("far", "x")));

    tdc::Host nobody;
    const auto alone = tdc::DataConverter::parse(config, {}, "orders", &nobody);
    EXPECT(error_of([&] { alone.encode(field(1, PAYLOAD)); }).code() == TDC_ERR_REMOTE);
}

// Wraps by turning every bit over; each test says what fails.
class Service : public tdc::Host {
  public:
    std::string wrap(const tdc::KeyService &service, tdc::Bytes key) override {
        EXPECT(service.uri == "hashivault://orders" && service.timeout.count() > 0 && key.size() == 32);
        if (fails) {
            throw tdc::KeyServiceError(tdc::KeyServiceError::Why::refused, "no");
        }
        return turned(key);
    }
    std::string unwrap(const tdc::KeyService &, tdc::Bytes wrapped) override {
        return turned(wrapped);
    }
    static std::string turned(tdc::Bytes bytes) {
        std::string to(bytes);
        for (char &byte : to) {
            byte = static_cast<char>(~byte);
        }
        return to;
    }
    bool fails = false;
};

void a_key_service() {
    const char *const config =
        "version: 1\nkeys: { primary: one, ring: { one: { service: 'hashivault://orders' } } }\n"
        "codecs: [encrypt]\n";
    Service service;
    const auto writer = tdc::DataConverter::parse(config, {}, {}, &service);
    const tdc::Buffer encoded = writer.encode(PAYLOADS);
    EXPECT(writer.decode(encoded.view()).str() == PAYLOADS);
    const auto reader = tdc::DataConverter::parse(config, {}, {}, &service);
    EXPECT(reader.decode(encoded.view()).str() == PAYLOADS);

    service.fails = true;
    const auto refused = tdc::DataConverter::parse(config, {}, {}, &service);
    EXPECT(error_of([&] { refused.encode(PAYLOADS); }).code() == TDC_ERR_KEY_REFUSED);
    tdc::Host nobody;
    const auto alone = tdc::DataConverter::parse(config, {}, {}, &nobody);
    EXPECT(error_of([&] { alone.encode(PAYLOADS); }).code() == TDC_ERR_KEY_SERVICE);
}

bool round_trips(const tdc::DataConverter &converter) {
    const tdc::Buffer encoded = converter.encode(PAYLOADS);
    const tdc::Buffer decoded = converter.decode(encoded.view());
    return decoded.view() == PAYLOADS;
}

void threads() {
    Keys keys;
    const auto converter = tdc::DataConverter::parse(HOST_KEYS, {}, {}, &keys);
    std::vector<std::thread> running;
    std::atomic<int> right{0};
    for (int i = 0; i < 8; i++) {
        running.emplace_back([&] {
            for (int turn = 0; turn < 200; turn++) {
                right += round_trips(converter);
            }
        });
    }
    for (auto &thread : running) {
        thread.join();
    }
    EXPECT(right == 8 * 200);
}

} // namespace

int main() {
    keys_of_the_host();
    errors();
    one_payload();
    values_failures_messages();
    a_codec_server();
    a_key_service();
    threads();
    std::puts("7 passed");
}

// The host's thread pool computes, one short job after the other, so that other jobs of the game come
// in between. Handles are keys: a job whose prompt or generation is gone is told so, and ends.
#include "drive.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

const uint32_t prompt_flags = SCUMBLE_PROMPT_BY_HAND;

namespace {

class Pool {
public:
    Pool() {
        for (int i = 0; i < 2; i++) threads.emplace_back([this] { run(); });
    }

    ~Pool() {
        {
            std::lock_guard<std::mutex> lock(mutex);
            ending = true;
        }
        changed.notify_all();
        for (std::thread &thread : threads) thread.join();
    }

    void submit(std::function<void()> job) {
        {
            std::lock_guard<std::mutex> lock(mutex);
            jobs.push_back(std::move(job));
        }
        changed.notify_one();
    }

private:
    void run() {
        for (;;) {
            std::function<void()> job;
            {
                std::unique_lock<std::mutex> lock(mutex);
                changed.wait(lock, [this] { return ending || !jobs.empty(); });
                if (ending) return;
                job = std::move(jobs.front());
                jobs.pop_front();
            }
            job();
        }
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::function<void()>> jobs;
    std::vector<std::thread> threads;
    bool ending = false;
};

Pool pool;

// Does a call as a job, again when the model was busy, and then what comes next.
void job(std::function<scumble_status()> call, std::function<void()> next) {
    pool.submit([call, next] {
        scumble_status status = call();
        if (status == SCUMBLE_STATUS_BUSY) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            job(call, next);
        } else if (status == SCUMBLE_STATUS_OK) {
            next();
        }
    });
}

void step(scumble_generation *generation) {
    auto left = std::make_shared<int32_t>(0);
    job([=] { return scumble_generation_step(generation, left.get()); },
        [=] {
            if (*left > 0) step(generation);
            else job([=] { return scumble_generation_decode(generation); }, [] {});
        });
}

} // namespace

scumble_status drive(scumble_prompt *prompt, scumble_generation *generation) {
    job([=] { return scumble_prompt_encode(prompt); }, [=] { step(generation); });
    return SCUMBLE_STATUS_OK;
}

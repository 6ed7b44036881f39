// The inner loops of training on a processor: VM-grid look-ups with their gradients, and the march through
// occupied cells. field.py and march.py hold the same in plain PyTorch, which CUDA uses; tests compare the two.
//
// Layout: planes are [rows, columns, R], lines [N, R], float32, C order; pair m is (X,Y)Z, (X,Z)Y, (Y,Z)X.
// Positions come as vertex coordinates g (0 … N-1 along each axis).

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace {

constexpr int COLUMN[3] = {0, 0, 1};
constexpr int ROW[3] = {1, 2, 2};
constexpr int LINE[3] = {2, 1, 0};

struct Grid {
  const float* plane[3];
  const float* line[3];
  int n[3];
};

struct Cell {
  int index;
  float fraction;
};

inline Cell locate(float g, int n) {
  g = std::min(std::max(g, 0.0f), static_cast<float>(n - 1));
  const int index = std::min(static_cast<int>(g), n - 2);
  return {index, g - static_cast<float>(index)};
}

template <int R>
struct Corner {
  int64_t at[4];
  float weight[4];
  int64_t low, high;
  float t;

  Corner(const Grid& grid, const Cell (&cell)[3], int m) {
    const Cell a = cell[COLUMN[m]], b = cell[ROW[m]], c = cell[LINE[m]];
    const int64_t columns = grid.n[COLUMN[m]];
    at[0] = (b.index * columns + a.index) * R;
    at[1] = at[0] + R;
    at[2] = at[0] + columns * R;
    at[3] = at[2] + R;
    weight[0] = (1 - b.fraction) * (1 - a.fraction);
    weight[1] = (1 - b.fraction) * a.fraction;
    weight[2] = b.fraction * (1 - a.fraction);
    weight[3] = b.fraction * a.fraction;
    low = static_cast<int64_t>(c.index) * R;
    high = low + R;
    t = c.fraction;
  }
};

template <int R>
inline void interpolate(const Grid& grid, const Corner<R>& k, int m, float* p, float* l) {
  const float* plane = grid.plane[m];
  const float* line = grid.line[m];
  for (int r = 0; r < R; ++r) {
    p[r] = k.weight[0] * plane[k.at[0] + r] + k.weight[1] * plane[k.at[1] + r] + k.weight[2] * plane[k.at[2] + r] +
           k.weight[3] * plane[k.at[3] + r];
    l[r] = (1 - k.t) * line[k.low + r] + k.t * line[k.high + r];
  }
}

template <int R>
inline float density(const Grid& grid, const float* g) {
  const Cell cell[3] = {locate(g[0], grid.n[0]), locate(g[1], grid.n[1]), locate(g[2], grid.n[2])};
  float p[R], l[R], sum = 0;
  for (int m = 0; m < 3; ++m) {
    interpolate<R>(grid, Corner<R>(grid, cell, m), m, p, l);
    for (int r = 0; r < R; ++r) sum += p[r] * l[r];
  }
  return sum;
}

// summed: the density feature [count]; otherwise the concatenated products [count, 3R].
template <int R>
void forward(const Grid& grid, const float* g, int64_t count, bool summed, float* out) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; ++i) {
    if (summed) {
      out[i] = density<R>(grid, g + 3 * i);
      continue;
    }
    const Cell cell[3] = {locate(g[3 * i], grid.n[0]), locate(g[3 * i + 1], grid.n[1]), locate(g[3 * i + 2], grid.n[2])};
    float p[R], l[R];
    for (int m = 0; m < 3; ++m) {
      interpolate<R>(grid, Corner<R>(grid, cell, m), m, p, l);
      float* to = out + (3 * i + m) * R;
      for (int r = 0; r < R; ++r) to[r] = p[r] * l[r];
    }
  }
}

// Pairs do not share gradients, so one thread a pair needs no locks.
template <int R>
void backward(const Grid& grid, const float* g, const float* out, int64_t count, bool summed, float* const* plane_grad,
              float* const* line_grad) {
#pragma omp parallel for schedule(dynamic, 1)
  for (int m = 0; m < 3; ++m) {
    float p[R], l[R];
    for (int64_t i = 0; i < count; ++i) {
      if (summed && out[i] == 0.0f) continue;
      const Cell cell[3] = {locate(g[3 * i], grid.n[0]), locate(g[3 * i + 1], grid.n[1]),
                            locate(g[3 * i + 2], grid.n[2])};
      const Corner<R> k(grid, cell, m);
      interpolate<R>(grid, k, m, p, l);
      const float* from = summed ? nullptr : out + (3 * i + m) * R;
      for (int r = 0; r < R; ++r) {
        const float d = summed ? out[i] : from[r];
        p[r] *= d;
        l[r] *= d;
      }
      float* dp = plane_grad[m];
      float* dl = line_grad[m];
      for (int c = 0; c < 4; ++c)
        for (int r = 0; r < R; ++r) dp[k.at[c] + r] += k.weight[c] * l[r];
      for (int r = 0; r < R; ++r) dl[k.low + r] += (1 - k.t) * p[r];
      for (int r = 0; r < R; ++r) dl[k.high + r] += k.t * p[r];
    }
  }
}

// out[ray] += w · products of the sample, [rays, 3R]; samples of weight below the threshold are left out.
template <int R>
void composite(const Grid& grid, const float* g, const float* w, const int64_t* ray, int64_t count, float threshold,
               float* out) {
#pragma omp parallel for schedule(dynamic, 1)
  for (int m = 0; m < 3; ++m) {
    float p[R], l[R];
    for (int64_t i = 0; i < count; ++i) {
      if (w[i] < threshold) continue;
      const Cell cell[3] = {locate(g[3 * i], grid.n[0]), locate(g[3 * i + 1], grid.n[1]),
                            locate(g[3 * i + 2], grid.n[2])};
      interpolate<R>(grid, Corner<R>(grid, cell, m), m, p, l);
      float* to = out + (3 * ray[i] + m) * R;
      for (int r = 0; r < R; ++r) to[r] += w[i] * p[r] * l[r];
    }
  }
}

// w_grad is [3, count]: one part a pair, to be summed by the caller.
template <int R>
void composite_backward(const Grid& grid, const float* g, const float* w, const int64_t* ray, int64_t count,
                        float threshold, const float* out_grad, float* w_grad, float* const* plane_grad,
                        float* const* line_grad) {
#pragma omp parallel for schedule(dynamic, 1)
  for (int m = 0; m < 3; ++m) {
    float p[R], l[R];
    for (int64_t i = 0; i < count; ++i) {
      if (w[i] < threshold) continue;
      const Cell cell[3] = {locate(g[3 * i], grid.n[0]), locate(g[3 * i + 1], grid.n[1]),
                            locate(g[3 * i + 2], grid.n[2])};
      const Corner<R> k(grid, cell, m);
      interpolate<R>(grid, k, m, p, l);
      const float* from = out_grad + (3 * ray[i] + m) * R;
      float dot = 0;
      for (int r = 0; r < R; ++r) {
        dot += p[r] * l[r] * from[r];
        p[r] *= w[i] * from[r];
        l[r] *= w[i] * from[r];
      }
      w_grad[m * count + i] = dot;
      float* dp = plane_grad[m];
      float* dl = line_grad[m];
      for (int c = 0; c < 4; ++c)
        for (int r = 0; r < R; ++r) dp[k.at[c] + r] += k.weight[c] * l[r];
      for (int r = 0; r < R; ++r) dl[k.low + r] += (1 - k.t) * p[r];
      for (int r = 0; r < R; ++r) dl[k.high + r] += k.t * p[r];
    }
  }
}

// Mean squared difference of neighbours along a plane's rows plus that along its columns.
double variation(const float* p, int64_t rows, int64_t columns, int64_t R) {
  const int64_t row = columns * R;
  double down = 0, across = 0;
#pragma omp parallel for schedule(static) reduction(+ : down, across)
  for (int64_t y = 0; y < rows; ++y) {
    const float* at = p + y * row;
    float sum = 0;
    if (y + 1 < rows)
      for (int64_t i = 0; i < row; ++i) sum += (at[i + row] - at[i]) * (at[i + row] - at[i]);
    down += sum;
    sum = 0;
    for (int64_t i = 0; i + R < row; ++i) sum += (at[i + R] - at[i]) * (at[i + R] - at[i]);
    across += sum;
  }
  return down / ((rows - 1) * row) + across / (rows * (row - R));
}

// The gradient of `variation` times `factor`: each entry is pulled by its four neighbours.
void variation_gradient(const float* p, int64_t rows, int64_t columns, int64_t R, float factor, float* out) {
  const int64_t row = columns * R;
  const float down = 2 * factor / ((rows - 1) * row), across = 2 * factor / (rows * (row - R));
#pragma omp parallel for schedule(static)
  for (int64_t y = 0; y < rows; ++y) {
    const float* at = p + y * row;
    float* to = out + y * row;
    const float* above = y > 0 ? at - row : at;
    const float* below = y + 1 < rows ? at + row : at;
    for (int64_t i = 0; i < row; ++i) to[i] = down * (2 * at[i] - above[i] - below[i]);
    for (int64_t i = 0; i + R < row; ++i) to[i] += across * (at[i] - at[i + R]);
    for (int64_t i = R; i < row; ++i) to[i] += across * (at[i] - at[i - R]);
  }
}

struct Samples {
  std::vector<int32_t> ray;
  std::vector<float> t, g, f;
};
std::vector<Samples> found;  // one entry a block of rays; filled by march, emptied by collect

struct Space {
  const uint8_t* occupied;
  int cells[3];
  int cell;
  float low[3], per_metre[3];  // vertex coordinate = (x - low) * per_metre
};

inline float softplus(float x) { return x > 15.0f ? x : std::log1p(std::exp(x)); }

// Visits the samples t = start + k*step (k = 0, 1, …) below `end` that lie in occupied cells, until `visit` says stop.
template <class Visit>
inline void walk(const Space& space, const float* o, const float* d, float start, float end, float step, Visit visit) {
  float g0[3], gd[3];
  for (int a = 0; a < 3; ++a) {
    g0[a] = (o[a] - space.low[a]) * space.per_metre[a];
    gd[a] = d[a] * space.per_metre[a];
  }
  for (int64_t k = 0;;) {
    const float t = start + static_cast<float>(k) * step;
    if (t >= end) return;
    float g[3];
    int c[3];
    for (int a = 0; a < 3; ++a) {
      g[a] = std::max(g0[a] + t * gd[a], 0.0f);
      c[a] = std::min(static_cast<int>(g[a] / space.cell), space.cells[a] - 1);
    }
    if (space.occupied[(static_cast<int64_t>(c[2]) * space.cells[1] + c[1]) * space.cells[0] + c[0]]) {
      if (!visit(t, g)) return;
      ++k;
      continue;
    }
    float leave = end;
    for (int a = 0; a < 3; ++a) {
      if (gd[a] == 0) continue;
      const float border = static_cast<float>((c[a] + (gd[a] > 0 ? 1 : 0)) * space.cell);
      leave = std::min(leave, (border - g0[a]) / gd[a]);
    }
    k = std::max<int64_t>(k + 1, static_cast<int64_t>(std::ceil((leave - start) / step)));
  }
}

template <int R>
int64_t march(const Grid& grid, const Space& space, const float* o, const float* d, const float* start, const float* end,
              int64_t rays, float step, float scale, float shift, float termination) {
  const int64_t block = 64, blocks = (rays + block - 1) / block;
  found.assign(blocks, {});
  int64_t total = 0;
#pragma omp parallel for schedule(dynamic, 1) reduction(+ : total)
  for (int64_t b = 0; b < blocks; ++b) {
    Samples& into = found[b];
    for (int64_t i = b * block; i < std::min(rays, (b + 1) * block); ++i) {
      float transmittance = 1;
      walk(space, o + 3 * i, d + 3 * i, start[i], end[i], step, [&](float t, const float* g) {
        const float f = density<R>(grid, g);
        into.ray.push_back(static_cast<int32_t>(i));
        into.t.push_back(t);
        into.g.insert(into.g.end(), g, g + 3);
        into.f.push_back(f);
        transmittance *= std::exp(-softplus(f + shift) * scale);
        return transmittance >= termination;
      });
    }
    total += static_cast<int64_t>(into.ray.size());
  }
  return total;
}

template <int R>
void transmittance(const Grid& grid, const Space& space, const float* o, const float* d, const float* start,
                   const float* end, int64_t rays, float step, float scale, float shift, float termination, float* out) {
#pragma omp parallel for schedule(dynamic, 64)
  for (int64_t i = 0; i < rays; ++i) {
    float left = 1;
    walk(space, o + 3 * i, d + 3 * i, start[i], end[i], step, [&](float, const float* g) {
      left *= std::exp(-softplus(density<R>(grid, g) + shift) * scale);
      return left >= termination;
    });
    out[i] = left;
  }
}

#define DISPATCH(components, call)    \
  switch (components) {               \
    case 4: { constexpr int R = 4; call; break; }   \
    case 8: { constexpr int R = 8; call; break; }   \
    case 16: { constexpr int R = 16; call; break; } \
    case 24: { constexpr int R = 24; call; break; } \
    case 48: { constexpr int R = 48; call; break; } \
    default: return -1;               \
  }

}  // namespace

extern "C" {

int relight_forward(const Grid* grid, int components, const float* g, int64_t count, int summed, float* out) {
  DISPATCH(components, forward<R>(*grid, g, count, summed != 0, out))
  return 0;
}

int relight_backward(const Grid* grid, int components, const float* g, const float* out_grad, int64_t count, int summed,
                     float* const* plane_grad, float* const* line_grad) {
  DISPATCH(components, backward<R>(*grid, g, out_grad, count, summed != 0, plane_grad, line_grad))
  return 0;
}

int relight_composite(const Grid* grid, int components, const float* g, const float* w, const int64_t* ray,
                      int64_t count, float threshold, float* out) {
  DISPATCH(components, composite<R>(*grid, g, w, ray, count, threshold, out))
  return 0;
}

int relight_composite_backward(const Grid* grid, int components, const float* g, const float* w, const int64_t* ray,
                               int64_t count, float threshold, const float* out_grad, float* w_grad,
                               float* const* plane_grad, float* const* line_grad) {
  DISPATCH(components, composite_backward<R>(*grid, g, w, ray, count, threshold, out_grad, w_grad, plane_grad, line_grad))
  return 0;
}

int64_t relight_march(const Grid* grid, int components, const Space* space, const float* o, const float* d,
                      const float* start, const float* end, int64_t rays, float step, float scale, float shift,
                      float termination) {
  int64_t total = 0;
  DISPATCH(components, total = march<R>(*grid, *space, o, d, start, end, rays, step, scale, shift, termination))
  return total;
}

void relight_collect(int64_t* ray, float* t, float* g, float* f) {
  for (Samples& block : found) {
    ray = std::copy(block.ray.begin(), block.ray.end(), ray);
    t = std::copy(block.t.begin(), block.t.end(), t);
    g = std::copy(block.g.begin(), block.g.end(), g);
    f = std::copy(block.f.begin(), block.f.end(), f);
  }
  found.clear();
}

double relight_variation(const float* plane, int64_t rows, int64_t columns, int64_t components) {
  return variation(plane, rows, columns, components);
}

void relight_variation_gradient(const float* plane, int64_t rows, int64_t columns, int64_t components, float factor,
                                float* out) {
  variation_gradient(plane, rows, columns, components, factor, out);
}

int relight_transmittance(const Grid* grid, int components, const Space* space, const float* o, const float* d,
                          const float* start, const float* end, int64_t rays, float step, float scale, float shift,
                          float termination, float* out) {
  DISPATCH(components, transmittance<R>(*grid, *space, o, d, start, end, rays, step, scale, shift, termination, out))
  return 0;
}
}

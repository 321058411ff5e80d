/* NVIDIA's elements of L4T 32.7 for machines without a Jetson: they take the properties and caps of
 * the table (table.h, made by __init__.py), refuse what the real ones refuse, and deliver pictures.
 *
 * What the environment says, when a picture is made:
 *   STAND_IN_CLIP     WIDTHxHEIGHT:PATH   the pictures: raw luma, one after the other, again and again
 *   STAND_IN_DAEMON   PATH                the camera daemon: no such file, it does not run; "refuses":
 *                                         no session; "silent": no picture; "stuck": no picture, and
 *                                         who closes waits until the file is another
 *   STAND_IN_DECODER  refuses, silent or grey
 */
#include <gst/base/gstbasesrc.h>
#include <gst/base/gstbasetransform.h>
#include <gst/base/gstpushsrc.h>
#include <gst/gst.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NVMM "memory:NVMM"
#define ROUND4(n) (((n) + 3) & ~3)

typedef struct { const char *name; char kind; double low, high, start; } Property;
typedef struct { int width, height, rate; } Mode;
#include "table.h"

/* ---- properties: kept in an array beside each object ---- */

static void install(GObjectClass *class, const Property *table, const char *owner)
{
    for (guint i = 0; table[i].name; i++) {
        const Property *p = &table[i];
        GParamFlags flags = G_PARAM_READWRITE;
        GParamSpec *spec = NULL;
        if (p->kind == 'i')
            spec = g_param_spec_int(p->name, p->name, p->name, p->low, p->high, p->start, flags);
        else if (p->kind == 'r')
            spec = g_param_spec_int(p->name, p->name, p->name, p->low, p->high, p->start,
                                    G_PARAM_READABLE);
        else if (p->kind == 'u')
            spec = g_param_spec_uint(p->name, p->name, p->name, p->low, p->high, p->start, flags);
        else if (p->kind == 'f')
            spec = g_param_spec_float(p->name, p->name, p->name, p->low, p->high, p->start, flags);
        else if (p->kind == 'b')
            spec = g_param_spec_boolean(p->name, p->name, p->name, p->start, flags);
        else if (p->kind == 's')
            spec = g_param_spec_string(p->name, p->name, p->name, NULL, flags);
        else if (p->kind == 'e') {
            int count = p->high + 1;
            GEnumValue *values = g_new0(GEnumValue, count + 1);
            for (int n = 0; n < count; n++) {
                values[n].value = n;
                values[n].value_name = values[n].value_nick = g_strdup_printf("value-%d", n);
            }
            char *name = g_strdup_printf("StandIn_%s_%s", owner, p->name);
            g_strdelimit(name, "-", '_');
            spec = g_param_spec_enum(p->name, p->name, p->name,
                                     g_enum_register_static(name, values), p->start, flags);
        }
        g_object_class_install_property(class, i + 1, spec);
    }
}

static void set_value(GObject *object, GValue *values, guint id, const GValue *value)
{
    GST_OBJECT_LOCK(object);
    if (G_IS_VALUE(&values[id])) g_value_unset(&values[id]);
    g_value_init(&values[id], G_VALUE_TYPE(value));
    g_value_copy(value, &values[id]);
    GST_OBJECT_UNLOCK(object);
}

static void get_value(GObject *object, GValue *values, guint id, GValue *value, GParamSpec *spec)
{
    GST_OBJECT_LOCK(object);
    if (G_IS_VALUE(&values[id])) g_value_copy(&values[id], value);
    else g_param_value_set_default(spec, value);
    GST_OBJECT_UNLOCK(object);
}

static GstStaticPadTemplate *pad(GstPadDirection direction, const char *caps)
{
    GstStaticPadTemplate *made = g_new0(GstStaticPadTemplate, 1);
    made->name_template = direction == GST_PAD_SRC ? "src" : "sink";
    made->direction = direction;
    made->presence = GST_PAD_ALWAYS;
    made->static_caps.string = caps;
    return made;
}

/* ---- nvarguscamerasrc ---- */

typedef struct {
    GstPushSrc parent;
    GValue values[32];
    int width, height, num, den;
    GMutex lock;
    GCond cond;
    gboolean flushing;
    gint64 next;
    guint64 number;
    ino_t daemon;
    GMappedFile *clip;
    int clip_width, clip_height;
} Camera;
typedef struct { GstPushSrcClass parent; } CameraClass;
G_DEFINE_TYPE(Camera, camera, GST_TYPE_PUSH_SRC)

static const char *daemon_path(void)
{
    const char *path = g_getenv("STAND_IN_DAEMON");
    return path && *path ? path : NULL;
}

static ino_t daemon_now(void)
{
    struct stat status;
    return daemon_path() && !stat(daemon_path(), &status) ? status.st_ino : 0;
}

static gboolean daemon_is(const char *word)
{
    char *text = NULL;
    gboolean is = daemon_path() && g_file_get_contents(daemon_path(), &text, NULL, NULL)
        && g_str_has_prefix(text, word);
    g_free(text);
    return is;
}

static gboolean in_range(Camera *self, const char *name, double low, double high)
{
    char *text = NULL;
    double from, to;
    g_object_get(self, name, &text, NULL);
    gboolean fits = !text || (sscanf(text, "%lf %lf", &from, &to) == 2 && from >= low
                              && from <= to && to <= high);
    g_free(text);
    return fits;
}

static gboolean camera_start(GstBaseSrc *base)
{
    Camera *self = (Camera *) base;
    int id = 0;
    const char *why = NULL;
    g_object_get(self, "sensor-id", &id, NULL);
    if (daemon_path() && !daemon_now()) why = "Connecting to nvargus-daemon failed";
    else if (daemon_is("refuses")) why = "Failed to create CaptureSession";
    else if (id >= SENSORS) why = "Invalid camera device specified";
    else if (!in_range(self, "exposuretimerange", EXPOSURE_LOW, EXPOSURE_HIGH))
        why = "Invalid Exposure Time Range Input";
    else if (!in_range(self, "gainrange", 1, GAIN_HIGH)) why = "Invalid Gain Range Input";
    if (why) {
        GST_ELEMENT_ERROR(self, RESOURCE, OPEN_READ, ("%s", why), (NULL));
        return FALSE;
    }
    self->daemon = daemon_now();
    self->number = 0;
    self->next = g_get_monotonic_time();
    const char *clip = g_getenv("STAND_IN_CLIP");
    if (clip && sscanf(clip, "%dx%d:", &self->clip_width, &self->clip_height) == 2)
        self->clip = g_mapped_file_new(strchr(clip, ':') + 1, FALSE, NULL);
    return TRUE;
}

static gboolean camera_stop(GstBaseSrc *base)
{
    Camera *self = (Camera *) base;
    while (daemon_is("stuck") && self->daemon == daemon_now()) g_usleep(20000);
    g_clear_pointer(&self->clip, g_mapped_file_unref);
    return TRUE;
}

static gboolean camera_set_caps(GstBaseSrc *base, GstCaps *caps)
{
    Camera *self = (Camera *) base;
    GstStructure *s = gst_caps_get_structure(caps, 0);
    return gst_structure_get_int(s, "width", &self->width)
        && gst_structure_get_int(s, "height", &self->height)
        && gst_structure_get_fraction(s, "framerate", &self->num, &self->den);
}

static GstCaps *camera_fixate(GstBaseSrc *base, GstCaps *caps)
{
    caps = gst_caps_make_writable(caps);
    GstStructure *s = gst_caps_get_structure(caps, 0);
    gst_structure_fixate_field_nearest_int(s, "width", 1920);
    gst_structure_fixate_field_nearest_int(s, "height", 1080);
    gst_structure_fixate_field_nearest_fraction(s, "framerate", 30, 1);
    return gst_caps_fixate(caps);
}

/* A mode of the sensor that holds the size; of these the rate must be had by one. */
static gboolean camera_can(Camera *self)
{
    for (guint i = 0; MODES[i].width; i++)
        if (MODES[i].width >= self->width && MODES[i].height >= self->height
            && (gint64) MODES[i].rate * self->den >= self->num
            && (MODES[i].width == self->width || self->width < MODES_NARROWEST))
            return TRUE;
    return FALSE;
}

/* When to look again, at the latest in a fiftieth of a second. */
static gint64 camera_until(Camera *self)
{
    gint64 now = g_get_monotonic_time();
    return self->next > now && self->next < now + 20000 ? self->next : now + 20000;
}

/* FALSE where it is told to stop. */
static gboolean camera_wait(Camera *self)
{
    g_mutex_lock(&self->lock);
    while (!self->flushing && (g_get_monotonic_time() < self->next || daemon_is("silent")
                               || daemon_is("stuck")) && self->daemon == daemon_now())
        g_cond_wait_until(&self->cond, &self->lock, camera_until(self));
    gboolean goes = !self->flushing;
    g_mutex_unlock(&self->lock);
    self->next += 1000000LL * self->den / self->num;
    return goes;
}

static void camera_draw(Camera *self, guint8 *to)
{
    int stride = ROUND4(self->width);
    gsize one = (gsize) self->clip_width * self->clip_height;
    gsize count = self->clip ? g_mapped_file_get_length(self->clip) / one : 0;
    const guint8 *from = count ? (guint8 *) g_mapped_file_get_contents(self->clip)
        + one * (self->number % count) : NULL;
    for (int y = 0; y < self->height; y++)
        for (int x = 0; x < self->width; x++)
            to[y * stride + x] = from ? from[y * self->clip_height / self->height
                                             * self->clip_width
                                             + x * self->clip_width / self->width]
                                      : (x + y + 4 * self->number) & 255;
    memset(to + stride * self->height, 128, stride * self->height / 2);
}

static GstFlowReturn camera_create(GstPushSrc *base, GstBuffer **buffer)
{
    Camera *self = (Camera *) base;
    GstMapInfo map;
    if (!camera_can(self)) {
        GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS,
                          ("Frame Rate specified is greater than supported"), (NULL));
        return GST_FLOW_ERROR;
    }
    if (!camera_wait(self)) return GST_FLOW_FLUSHING;
    if (self->daemon != daemon_now()) {
        GST_ELEMENT_ERROR(self, RESOURCE, READ, ("Argus client lost its daemon"), (NULL));
        return GST_FLOW_ERROR;
    }
    *buffer = gst_buffer_new_allocate(NULL, ROUND4(self->width) * self->height * 3 / 2, NULL);
    gst_buffer_map(*buffer, &map, GST_MAP_WRITE);
    camera_draw(self, map.data);
    gst_buffer_unmap(*buffer, &map);
    GST_BUFFER_OFFSET(*buffer) = self->number++;
    return GST_FLOW_OK;
}

static gboolean camera_unlock(GstBaseSrc *base)
{
    Camera *self = (Camera *) base;
    g_mutex_lock(&self->lock);
    self->flushing = TRUE;
    g_cond_signal(&self->cond);
    g_mutex_unlock(&self->lock);
    return TRUE;
}

static gboolean camera_unlock_stop(GstBaseSrc *base)
{
    ((Camera *) base)->flushing = FALSE;
    return TRUE;
}

/* PAUSED is where the real one hangs; a pipeline that plays only passes through it. */
static GstStateChangeReturn camera_change_state(GstElement *element, GstStateChange change)
{
    GstObject *top = GST_OBJECT(element);
    while (GST_OBJECT_PARENT(top)) top = GST_OBJECT_PARENT(top);
    if (GST_STATE_TARGET(top) == GST_STATE_PAUSED) {
        GST_ELEMENT_ERROR(element, CORE, STATE_CHANGE, ("it was set to PAUSED"), (NULL));
        return GST_STATE_CHANGE_FAILURE;
    }
    return GST_ELEMENT_CLASS(camera_parent_class)->change_state(element, change);
}

static void camera_set(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    set_value(object, ((Camera *) object)->values, id, value);
}

static void camera_get(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    get_value(object, ((Camera *) object)->values, id, value, spec);
}

static void camera_init(Camera *self)
{
    gst_base_src_set_live(GST_BASE_SRC(self), TRUE);
    gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
    gst_base_src_set_do_timestamp(GST_BASE_SRC(self), TRUE);
    g_mutex_init(&self->lock);
    g_cond_init(&self->cond);
}

static void camera_class_init(CameraClass *class)
{
    GstBaseSrcClass *src = GST_BASE_SRC_CLASS(class);
    G_OBJECT_CLASS(class)->set_property = camera_set;
    G_OBJECT_CLASS(class)->get_property = camera_get;
    install(G_OBJECT_CLASS(class), CAMERA, "camera");
    gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(class), "Stand-in", "Video/Capture",
                                          "Stands in for nvarguscamerasrc", "Kagami");
    gst_element_class_add_static_pad_template(GST_ELEMENT_CLASS(class),
                                              pad(GST_PAD_SRC, CAMERA_CAPS));
    GST_ELEMENT_CLASS(class)->change_state = camera_change_state;
    src->start = camera_start;
    src->stop = camera_stop;
    src->set_caps = camera_set_caps;
    src->fixate = camera_fixate;
    src->unlock = camera_unlock;
    src->unlock_stop = camera_unlock_stop;
    GST_PUSH_SRC_CLASS(class)->create = camera_create;
}

/* ---- nvvidconv ---- */

typedef struct { char format[12]; int width, height, stride, step, first; gsize size; } Layout;
typedef struct {
    GstBaseTransform parent;
    GValue values[16];
    Layout in, out;
    gboolean grey;
} Converter;
typedef struct { GstBaseTransformClass parent; } ConverterClass;
G_DEFINE_TYPE(Converter, converter, GST_TYPE_BASE_TRANSFORM)

/* Where the bytes of luma lie (a colour's green for RGB); FALSE for what the converter refuses. */
static gboolean layout(GstCaps *caps, Layout *to)
{
    GstStructure *s = gst_caps_get_structure(caps, 0);
    const char *format = gst_structure_get_string(s, "format");
    if (!format || !gst_structure_get_int(s, "width", &to->width)
        || !gst_structure_get_int(s, "height", &to->height) || to->width % 2 || to->height % 2)
        return FALSE;
    g_strlcpy(to->format, format, sizeof(to->format));
    to->step = strchr("BR", *format) ? 4 : strstr("YUY2 UYVY YVYU", format) ? 2 : 1;
    to->first = to->step == 4 || !strcmp(format, "UYVY") ? 1 : 0;
    to->stride = ROUND4(to->width * to->step);
    to->size = (gsize) to->stride * to->height;
    if (!strcmp(format, "NV12")) to->size += to->size / 2;
    if (!strcmp(format, "I420")) to->size += (gsize) ROUND4(to->width / 2) * to->height;
    return TRUE;
}

static gboolean converter_set_caps(GstBaseTransform *base, GstCaps *in, GstCaps *out)
{
    Converter *self = (Converter *) base;
    return layout(in, &self->in) && layout(out, &self->out);
}

static gboolean converter_unit(GstBaseTransform *base, GstCaps *caps, gsize *size)
{
    Layout l;
    gboolean fits = layout(caps, &l);
    *size = l.size;
    return fits;
}

/* Any size, format and memory; the rate stays. */
static GstCaps *converter_transform_caps(GstBaseTransform *base, GstPadDirection direction,
                                         GstCaps *caps, GstCaps *filter)
{
    GstPad *other = direction == GST_PAD_SINK ? base->srcpad : base->sinkpad;
    GstCaps *all = gst_pad_get_pad_template_caps(other), *out = gst_caps_new_empty(), *result;
    for (guint i = 0; i < gst_caps_get_size(caps); i++) {
        const GValue *rate = gst_structure_get_value(gst_caps_get_structure(caps, i), "framerate");
        GstCaps *one = gst_caps_copy(all);
        for (guint n = 0; rate && n < gst_caps_get_size(one); n++)
            gst_structure_set_value(gst_caps_get_structure(one, n), "framerate", rate);
        out = gst_caps_merge(out, one);
    }
    gst_caps_unref(all);
    if (!filter) return out;
    result = gst_caps_intersect_full(filter, out, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref(out);
    return result;
}

static GstCaps *converter_fixate(GstBaseTransform *base, GstPadDirection direction, GstCaps *caps,
                                 GstCaps *other)
{
    int width = 0, height = 0;
    GstStructure *from = gst_caps_get_structure(caps, 0), *s;
    other = gst_caps_make_writable(gst_caps_truncate(other));
    s = gst_caps_get_structure(other, 0);
    gst_structure_get_int(from, "width", &width);
    gst_structure_get_int(from, "height", &height);
    gst_structure_fixate_field_nearest_int(s, "width", width);
    gst_structure_fixate_field_nearest_int(s, "height", height);
    gst_structure_fixate_field_string(s, "format", gst_structure_get_string(from, "format"));
    return gst_caps_fixate(other);
}

/* The place in the other picture, from 0 to 1 across and down, that a place is taken from. */
static void place(int method, double u, double v, double *s, double *t)
{
    double across[8] = {u, 1 - v, 1 - u, v, 1 - u, 1 - v, u, v};
    double down[8] = {v, u, 1 - v, 1 - u, v, 1 - u, 1 - v, u};
    *s = across[method];
    *t = down[method];
}

static void converter_draw(Converter *self, const guint8 *from, guint8 *to, int method)
{
    Layout *in = &self->in, *out = &self->out;
    double s, t;
    memset(to, 128, out->size);
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++) {
            place(method, (x + 0.5) / out->width, (y + 0.5) / out->height, &s, &t);
            guint8 luma = from[(int) (t * in->height) * in->stride
                               + (int) (s * in->width) * in->step + in->first];
            guint8 *at = to + y * out->stride + x * out->step;
            if (self->grey) luma = 77;
            if (out->step == 4) at[0] = at[1] = at[2] = luma;
            else at[out->first] = luma;
        }
}

static GstFlowReturn converter_transform(GstBaseTransform *base, GstBuffer *in, GstBuffer *out)
{
    GstMapInfo from, to;
    int method = 0;
    g_object_get(base, "flip-method", &method, NULL);
    gst_buffer_map(in, &from, GST_MAP_READ);
    gst_buffer_map(out, &to, GST_MAP_WRITE);
    converter_draw((Converter *) base, from.data, to.data, method);
    gst_buffer_unmap(out, &to);
    gst_buffer_unmap(in, &from);
    return GST_FLOW_OK;
}

static void converter_set(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    set_value(object, ((Converter *) object)->values, id, value);
}

static void converter_get(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    get_value(object, ((Converter *) object)->values, id, value, spec);
}

static void converter_init(Converter *self)
{
}

static void converter_class_init(ConverterClass *class)
{
    GstBaseTransformClass *transform = GST_BASE_TRANSFORM_CLASS(class);
    G_OBJECT_CLASS(class)->set_property = converter_set;
    G_OBJECT_CLASS(class)->get_property = converter_get;
    install(G_OBJECT_CLASS(class), CONVERTER, "converter");
    gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(class), "Stand-in", "Filter/Converter",
                                          "Stands in for nvvidconv", "Kagami");
    gst_element_class_add_static_pad_template(GST_ELEMENT_CLASS(class),
                                              pad(GST_PAD_SINK, CONVERTER_CAPS));
    gst_element_class_add_static_pad_template(GST_ELEMENT_CLASS(class),
                                              pad(GST_PAD_SRC, CONVERTER_CAPS));
    transform->set_caps = converter_set_caps;
    transform->get_unit_size = converter_unit;
    transform->transform_caps = converter_transform_caps;
    transform->fixate_caps = converter_fixate;
    transform->transform = converter_transform;
}

/* ---- nvv4l2decoder, for JPEG alone: the processor's decoder in its place ---- */

typedef struct { GstBin parent; GValue values[16]; GstElement *converter; } Decoder;
typedef struct { GstBinClass parent; } DecoderClass;
G_DEFINE_TYPE(Decoder, decoder, GST_TYPE_BIN)

static gboolean decoder_is(const char *word)
{
    return !g_strcmp0(g_getenv("STAND_IN_DECODER"), word);
}

static GstPadProbeReturn decoder_probe(GstPad *at, GstPadProbeInfo *info, gpointer none)
{
    return decoder_is("silent") ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static GstStateChangeReturn decoder_change_state(GstElement *element, GstStateChange change)
{
    Decoder *self = (Decoder *) element;
    gboolean jpeg = FALSE;
    g_object_get(self, "mjpeg", &jpeg, NULL);
    if (change == GST_STATE_CHANGE_READY_TO_PAUSED && (!jpeg || decoder_is("refuses"))) {
        GST_ELEMENT_ERROR(self, STREAM, DECODE, ("Failed to process frame."), (NULL));
        return GST_STATE_CHANGE_FAILURE;
    }
    ((Converter *) self->converter)->grey = decoder_is("grey");
    return GST_ELEMENT_CLASS(decoder_parent_class)->change_state(element, change);
}

static void decoder_ghost(Decoder *self, const char *name, GstElement *inner)
{
    GstPad *target = gst_element_get_static_pad(inner, name);
    GstPadTemplate *template = gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(self),
                                                                  name);
    gst_element_add_pad(GST_ELEMENT(self), gst_ghost_pad_new_from_template(name, target, template));
    gst_object_unref(target);
}

static void decoder_init(Decoder *self)
{
    GstElement *jpeg = gst_element_factory_make("jpegdec", NULL);
    GstElement *convert = gst_element_factory_make("videoconvert", NULL);
    GstElement *filter = gst_element_factory_make("capsfilter", NULL);
    GstCaps *caps = gst_caps_from_string("video/x-raw(" NVMM "),format=I420");
    self->converter = g_object_new(converter_get_type(), NULL);
    g_object_set(filter, "caps", caps, NULL);
    gst_caps_unref(caps);
    gst_bin_add_many(GST_BIN(self), jpeg, convert, self->converter, filter, NULL);
    gst_element_link_many(jpeg, convert, self->converter, filter, NULL);
    decoder_ghost(self, "sink", jpeg);
    decoder_ghost(self, "src", filter);
    GstPad *at = gst_element_get_static_pad(jpeg, "sink");
    gst_pad_add_probe(at, GST_PAD_PROBE_TYPE_BUFFER, decoder_probe, NULL, NULL);
    gst_object_unref(at);
}

static void decoder_set(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    set_value(object, ((Decoder *) object)->values, id, value);
}

static void decoder_get(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    get_value(object, ((Decoder *) object)->values, id, value, spec);
}

static void decoder_class_init(DecoderClass *class)
{
    G_OBJECT_CLASS(class)->set_property = decoder_set;
    G_OBJECT_CLASS(class)->get_property = decoder_get;
    install(G_OBJECT_CLASS(class), DECODER, "decoder");
    gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(class), "Stand-in",
                                          "Codec/Decoder/Video", "Stands in for nvv4l2decoder",
                                          "Kagami");
    gst_element_class_add_static_pad_template(GST_ELEMENT_CLASS(class),
                                              pad(GST_PAD_SINK, "image/jpeg"));
    gst_element_class_add_static_pad_template(GST_ELEMENT_CLASS(class),
                                              pad(GST_PAD_SRC, DECODER_CAPS));
    GST_ELEMENT_CLASS(class)->change_state = decoder_change_state;
}

static gboolean plugin_init(GstPlugin *plugin)
{
    return gst_element_register(plugin, "nvarguscamerasrc", GST_RANK_PRIMARY, camera_get_type())
        && gst_element_register(plugin, "nvvidconv", GST_RANK_PRIMARY, converter_get_type())
        && gst_element_register(plugin, "nvv4l2decoder", GST_RANK_NONE, decoder_get_type());
}

#define PACKAGE "kagami"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, standin, "Stand-ins for NVIDIA's elements",
                  plugin_init, "1", GST_LICENSE_UNKNOWN, "kagami", "https://localhost")

/* SPDX-License-Identifier: MIT */
/* JSON stands here with ' for ", which it holds nowhere else. */
#include "given.h"

#include <stdlib.h>
#include <string.h>

#include "bench/plan/plan.h"
#include "bench/util/text.h"
#include "support.h"

#define SIZE   "{'key':'size','type':'int','default':'5','min':0,'max':1000,'choices':null,'about':''}"
#define OTHERS "'min':null,'max':null,'about':''"

static const char list[] =
    "{'list':1,'host':'%s','version':'0','runtimes':['%s'],'build':{},"
    "'models':[{'name':'sync','about':'','processes':false,'loop':false,'baseline':true},"
    "{'name':'threads','about':'','processes':false,'loop':false,'baseline':false},"
    "{'name':'async','about':'','processes':false,'loop':false,'baseline':false}],"
    "'tasks':[{'name':'calc','about':'','kind':'cpu','asks':'nothing','jobs':8,'splits':false,'params':[" SIZE "]},"
    "{'name':'part','about':'','kind':'cpu','asks':'nothing','jobs':8,'splits':true,'params':[" SIZE "]},"
    "{'name':'rest','about':'','kind':'io','asks':'delay','jobs':8,'splits':false,'params':[]},"
    "{'name':'blend','about':'','kind':'mixed','asks':'url','jobs':8,'splits':false,'params':["
    "{'key':'url','type':'url','default':null,'choices':null," OTHERS "}," SIZE ","
    "{'key':'check','type':'choice','default':'auto','choices':['auto','crc']," OTHERS "}]},"
    "{'name':'read','about':'','kind':'cpu','asks':'nothing','jobs':8,'splits':true,'params':["
    "{'key':'file','type':'path','default':'@words.txt','choices':null," OTHERS "},"
    "{'key':'word','type':'text','default':'the','choices':null," OTHERS "}]}%s],"
    "'errors':['other.so: it does not load']}";
static const char lonely[] =
    ",{'name':'lonely','about':'','kind':'none','asks':'nothing','jobs':8,'splits':false,'params':[]}";

static const char plan[] =
    "{'plan':1,'suite':'s','created':'2026-01-01T00:00:00Z','seed':42,'rounds':8,'margin':0.01,'timeout_s':60.0,"
    "'effective_cpus':2,'url':null,'groups':["
    "{'name':'count','task':'count','kind':'cpu','asks':'nothing','params':{'size':'5'},'jobs':8,'workers':2,'ideal':2,"
    "'capacity_reason':null,'sweep':null,'scaling':null},"
    "{'name':'wait','task':'wait','kind':'io','asks':'nothing','params':{'size':'5'},'jobs':8,'workers':8,'ideal':2,"
    "'capacity_reason':'it waits','sweep':null,'scaling':null}],'cells':["
    "{'group':0,'runtime':'c','model':'sync','role':'model','baseline':true,'copies':1,'start_method':'fork'},"
    "{'group':0,'runtime':'c','model':'threads','role':'model','baseline':false,'copies':1,'start_method':'fork'},"
    "{'group':0,'runtime':'c','model':'sync','role':'control','baseline':false,'copies':1,'start_method':'fork'},"
    "{'group':0,'runtime':'c','model':'sync','role':'capacity','baseline':false,'copies':2,'start_method':'fork'},"
    "{'group':0,'runtime':'py','model':'sync','role':'model','baseline':true,'copies':1,'start_method':'fork'},"
    "{'group':1,'runtime':'py','model':'sync','role':'model','baseline':true,'copies':1,'start_method':'fork'},"
    "{'group':1,'runtime':'py','model':'async','role':'model','baseline':false,'copies':1,'start_method':'fork'}]}";
static const char machine[] = "{'machine':1,'hostname':'h','cpus':2,'effective_cpus':2.0,'hosts':{}}";

static char *quoted(char *text)
{
    for (char *at = text; (at = strchr(at, '\'')) != NULL;)
        *at = '"';
    return text;
}

static void add_host(struct catalog *out, size_t row, const char *host, const char *more)
{
    struct error err = {.text = ""};
    char *text = quoted(text_format(list, host, host, more));
    FUZZ_MUST(strcmp(out->hosts.rows[row].name, host) == 0);
    FUZZ_MUST(catalog_add_list(out, row, json_loads(text, 0, NULL), &err) == 0);
    free(text);
}

void given_catalog(struct catalog *out)
{
    struct error err = {.text = ""};
    *out = (struct catalog){.runtimes = NULL};
    FUZZ_MUST(host_table_make(&out->hosts, NULL, NULL, &err) == 0);
    add_host(out, 0, "c", lonely);
    add_host(out, out->hosts.count - 1, "py", "");
}

int given_results(struct results *out, const char *samples, size_t length, struct error *err)
{
    char *plan_json = quoted(text_format("%s", plan)), *machine_json = quoted(text_format("%s", machine));
    const struct results_texts texts = {.plan = {plan_json, sizeof plan - 1},
                                        .machine = {machine_json, sizeof machine - 1},
                                        .samples = {samples, length},
                                        .events = {"", 0}};
    const int rc = results_parse(out, &texts, err);
    free(machine_json);
    free(plan_json);
    return rc;
}

json_t *check_resumed(const struct plan *p, const struct catalog *catalog)
{
    static const char created[] = "2026-01-01T00:00:00Z";
    struct plan again;
    struct error err = {.text = ""};
    json_t *json = plan_json(p, created);
    FUZZ_MUST(json != NULL && plan_read(json, catalog, &again, &err) == 0);
    FUZZ_MUST(again.cell_count == p->cell_count && again.seed == p->seed && again.timeout_s == p->timeout_s);
    json_t *json_again = plan_json(&again, created);
    FUZZ_MUST(json_equal(json, json_again));
    for (size_t g = 0; g < p->group_count; g++)
        FUZZ_MUST(again.groups[g].needs_url == p->groups[g].needs_url);
    for (size_t c = 0; c < p->cell_count; c++)
        FUZZ_MUST(again.cells[c].entry == p->cells[c].entry && again.cells[c].impossible == p->cells[c].impossible);
    json_decref(json_again);
    plan_free(&again);
    return json;
}

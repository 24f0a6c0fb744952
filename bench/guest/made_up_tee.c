// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * A provider of TEE reports for a machine without a TEE: it hands what the kernel's configfs-tsm asks of it to whoever
 * reads /dev/made_up_tee, and takes the report that is written there. So configfs-tsm is the kernel's own, and only what
 * lies below it is not. For Linux 6.12; nothing that it gives is secret or proves anything.
 */

#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tsm.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

static char *shape = "tdx_guest";
module_param(shape, charp, 0444);
MODULE_PARM_DESC(shape, "whose files to show: tdx_guest or sev_guest");

static uint privlevel_floor;
module_param(privlevel_floor, uint, 0444);
MODULE_PARM_DESC(privlevel_floor, "the lowest privilege level of sev_guest's reports");

static uint timeout = 30;
module_param(timeout, uint, 0644);
MODULE_PARM_DESC(timeout, "seconds to wait for an answer");

/* What is read. */
struct question {
	__u32 privlevel;
	__u32 len;
	__u8 inblob[TSM_INBLOB_MAX];
};

/* What is written: this, then the report, then what goes into auxblob. */
struct answer {
	__s32 error;
	__u32 len;
};

/* Of the one question that there can be: configfs-tsm asks with its lock held for writing. */
static enum { IDLE, ASKED, TAKEN, ANSWERED } state;
static struct tsm_report *asked;
static int error;
static DEFINE_MUTEX(lock);
static DECLARE_WAIT_QUEUE_HEAD(changed);

static void move_to(int next)
{
	WRITE_ONCE(state, next);
	wake_up_all(&changed);
}

static int report_new(struct tsm_report *report, void *data)
{
	long left;

	scoped_guard(mutex, &lock) {
		asked = report;
		move_to(ASKED);
	}
	left = wait_event_interruptible_timeout(changed, READ_ONCE(state) == ANSWERED, timeout * HZ);

	guard(mutex)(&lock);
	if (state != ANSWERED)
		error = left < 0 ? -EINTR : -ETIMEDOUT;
	move_to(IDLE);
	return error;
}

static ssize_t read_question(struct file *file, char __user *to, size_t count, loff_t *offset)
{
	struct question question = {};

	if (count < sizeof(question))
		return -EINVAL;
	for (;;) {
		if (wait_event_interruptible(changed, READ_ONCE(state) == ASKED))
			return -ERESTARTSYS;
		guard(mutex)(&lock);
		if (state != ASKED)
			continue;
		question.privlevel = asked->desc.privlevel;
		question.len = asked->desc.inblob_len;
		memcpy(question.inblob, asked->desc.inblob, question.len);
		if (copy_to_user(to, &question, sizeof(question)))
			return -EFAULT;
		move_to(TAKEN);
		return sizeof(question);
	}
}

static ssize_t write_answer(struct file *file, const char __user *from, size_t count, loff_t *offset)
{
	u8 *report __free(kvfree) = NULL;
	u8 *certificates __free(kvfree) = NULL;
	struct answer answer;
	size_t rest;

	if (count < sizeof(answer) || count > sizeof(answer) + 2 * TSM_OUTBLOB_MAX)
		return -EINVAL;
	if (copy_from_user(&answer, from, sizeof(answer)))
		return -EFAULT;
	rest = count - sizeof(answer);
	if (answer.len > rest || answer.error > 0 || answer.error < -MAX_ERRNO)
		return -EINVAL;

	report = vmemdup_user(from + sizeof(answer), answer.len);
	if (IS_ERR(report))
		return PTR_ERR(report);
	rest -= answer.len;
	if (rest)
		certificates = vmemdup_user(from + sizeof(answer) + answer.len, rest);
	if (IS_ERR(certificates))
		return PTR_ERR(certificates);

	guard(mutex)(&lock);
	if (state != TAKEN)
		return -EPIPE;
	error = answer.error;
	if (!error) {
		asked->outblob = no_free_ptr(report);
		asked->outblob_len = answer.len;
		asked->auxblob = no_free_ptr(certificates);
		asked->auxblob_len = rest;
	}
	move_to(ANSWERED);
	return count;
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.read = read_question,
	.write = write_answer,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "made_up_tee",
	.mode = 0600,
	.fops = &fops,
};

/* What each driver of the kernel's shows; the service attributes are of a guest with an SVSM. */
static bool is_snp(void)
{
	return !strcmp(shape, "sev_guest");
}

static bool attr_visible(int n)
{
	return n == TSM_REPORT_GENERATION || n == TSM_REPORT_PROVIDER ||
	       (is_snp() && (n == TSM_REPORT_PRIVLEVEL || n == TSM_REPORT_PRIVLEVEL_FLOOR));
}

static bool bin_attr_visible(int n)
{
	return n == TSM_REPORT_INBLOB || n == TSM_REPORT_OUTBLOB || (is_snp() && n == TSM_REPORT_AUXBLOB);
}

static struct tsm_ops ops = {
	.report_new = report_new,
	.report_attr_visible = attr_visible,
	.report_bin_attr_visible = bin_attr_visible,
};

static int __init made_up_tee_init(void)
{
	int rc;

	if (!is_snp() && strcmp(shape, "tdx_guest"))
		return -EINVAL;
	ops.name = shape;
	ops.privlevel_floor = privlevel_floor;
	rc = misc_register(&device);
	if (rc)
		return rc;
	rc = tsm_register(&ops, NULL);
	if (rc)
		misc_deregister(&device);
	return rc;
}
module_init(made_up_tee_init);

static void __exit made_up_tee_exit(void)
{
	tsm_unregister(&ops);
	misc_deregister(&device);
}
module_exit(made_up_tee_exit);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("TEE reports made by user space, for tests of configfs-tsm");

BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE apscheduler_jobs (
	id VARCHAR(191) NOT NULL, 
	next_run_time FLOAT, 
	job_state BLOB NOT NULL, 
	CONSTRAINT pk_apscheduler_jobs PRIMARY KEY (id)
);
INSERT INTO "apscheduler_jobs" VALUES('nightly',1.5,X'78');
CREATE TABLE assessments (
	id INTEGER NOT NULL, 
	job VARCHAR(100) NOT NULL, 
	checked VARCHAR(27) NOT NULL, 
	place TEXT NOT NULL, 
	system TEXT NOT NULL, 
	outcome VARCHAR(40) NOT NULL, 
	counts TEXT NOT NULL, 
	verdicts TEXT NOT NULL, 
	expiring TEXT NOT NULL, 
	readiness TEXT, 
	CONSTRAINT pk_assessments PRIMARY KEY (id)
);
INSERT INTO "assessments" VALUES(1,'nightly','2026-11-21T00:35:00.000000Z','/assessments/1','HIS','ready','{"met":3}','{"A.1":"met"}','{}','{}');
INSERT INTO "assessments" VALUES(2,'nightly','2026-11-22T00:35:00.000000Z','/assessments/1','HIS','ready','{"met":3}','{"A.1":"met"}','{}','{}');
CREATE TABLE attempts (
	id INTEGER NOT NULL, 
	job VARCHAR(100) NOT NULL, 
	scheduled VARCHAR(27), 
	started VARCHAR(27) NOT NULL, 
	finished VARCHAR(27), 
	outcome VARCHAR(20), 
	message TEXT, 
	run_id VARCHAR(40), 
	CONSTRAINT pk_attempts PRIMARY KEY (id)
);
INSERT INTO "attempts" VALUES(1,'nightly','2026-11-21T00:30:00.000000Z','2026-11-21T00:30:00.000000Z','2026-11-21T00:35:00.000000Z','done',NULL,'20261121T003000Z-0000');
INSERT INTO "attempts" VALUES(2,'nightly','2026-11-22T00:30:00.000000Z','2026-11-22T00:30:00.000000Z','2026-11-22T00:35:00.000000Z','done',NULL,'20261122T003000Z-0001');
CREATE TABLE contents (
	job VARCHAR(100) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	mark VARCHAR(64) NOT NULL, 
	size BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	run_id VARCHAR(40) NOT NULL, 
	seen VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_contents PRIMARY KEY (job, sha256)
);
INSERT INTO "contents" VALUES('nightly','cdff6f2ad8567397431f6b639b25c6513d92e2e261435c05958cc96945a0c8ae','cdff6f2ad8567397431f6b639b25c6513d92e2e261435c05958cc96945a0c8ae',10,'/captures/ngày 0.pcap','20261121T003000Z-0000','2026-11-21T00:30:00.000000Z');
INSERT INTO "contents" VALUES('nightly','508c1b0674168606e0c4b53ac486d66ee7c171de468c4553744e8b613c6e0a23','508c1b0674168606e0c4b53ac486d66ee7c171de468c4553744e8b613c6e0a23',10,'/captures/ngày 1.pcap','20261122T003000Z-0001','2026-11-22T00:30:00.000000Z');
CREATE TABLE decisions (
	id INTEGER NOT NULL, 
	finding_id VARCHAR(64) NOT NULL, 
	standing VARCHAR(20) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	who TEXT NOT NULL, 
	role TEXT NOT NULL, 
	why TEXT NOT NULL, 
	until VARCHAR(10), 
	"plan" TEXT, 
	CONSTRAINT pk_decisions PRIMARY KEY (id)
);
INSERT INTO "decisions" VALUES(1,'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','acknowledged','2026-11-22T01:30:00.000000Z','Trần Thị B','Cán bộ','Đã xem','2026-12-31','{"people":"B"}');
CREATE TABLE files (
	job VARCHAR(100) NOT NULL, 
	name TEXT NOT NULL, 
	stamp TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	reason TEXT, 
	first_seen VARCHAR(27) NOT NULL, 
	steady_since VARCHAR(27) NOT NULL, 
	gone VARCHAR(27), 
	run_id VARCHAR(40), 
	CONSTRAINT pk_files PRIMARY KEY (job, name)
);
INSERT INTO "files" VALUES('nightly','/captures/ngày 0.pcap','0',10,'taken',NULL,'2026-11-21T00:30:00.000000Z','2026-11-21T00:30:00.000000Z',NULL,'20261121T003000Z-0000');
INSERT INTO "files" VALUES('nightly','/captures/ngày 1.pcap','1',10,'taken',NULL,'2026-11-22T00:30:00.000000Z','2026-11-22T00:30:00.000000Z',NULL,'20261122T003000Z-0001');
CREATE TABLE findings (
	job VARCHAR(100) NOT NULL, 
	finding_id VARCHAR(64) NOT NULL, 
	rule VARCHAR(100) NOT NULL, 
	title_vi TEXT NOT NULL, 
	title_en TEXT NOT NULL, 
	severity VARCHAR(10) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	certainty VARCHAR(10) NOT NULL, 
	system TEXT, 
	recipient TEXT NOT NULL, 
	category VARCHAR(40), 
	countries TEXT NOT NULL, 
	dossier TEXT, 
	present BOOLEAN NOT NULL, 
	first_run VARCHAR(40) NOT NULL, 
	first_seen VARCHAR(27) NOT NULL, 
	last_run VARCHAR(40) NOT NULL, 
	last_seen VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_findings PRIMARY KEY (job, finding_id)
);
INSERT INTO "findings" VALUES('nightly','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','core-data-abroad','Dữ liệu ra ngoài','Data abroad','high','likely','indicator',NULL,'AS64500 Ví dụ','health','["SG"]',NULL,1,'20261121T003000Z-0000','2026-11-21T00:30:00.000000Z','20261122T003000Z-0001','2026-11-22T00:30:00.000000Z');
CREATE TABLE flow_files (
	path VARCHAR(200) NOT NULL, 
	run_id VARCHAR(40) NOT NULL, 
	day VARCHAR(10) NOT NULL, 
	rows BIGINT NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_flow_files PRIMARY KEY (path), 
	CONSTRAINT fk_flow_files_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "flow_files" VALUES('flows/day=2026-11-21/20261121T003000Z-0000.parquet','20261121T003000Z-0000','2026-11-21',3,31,'033b0e513b05ef31d05b8cc9d3771d3b9c5c06adb45439290867b834a8788d9c');
INSERT INTO "flow_files" VALUES('flows/day=2026-11-22/20261122T003000Z-0001.parquet','20261122T003000Z-0001','2026-11-22',3,31,'f7062249142656ae809fbf201a8a574110240f35805a7fc1180a493343e7e805');
CREATE TABLE inputs (
	id INTEGER NOT NULL, 
	run_id VARCHAR(40) NOT NULL, 
	number INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 VARCHAR(64), 
	reader VARCHAR(40), 
	packets BIGINT NOT NULL, 
	flows BIGINT NOT NULL, 
	first VARCHAR(27), 
	last VARCHAR(27), 
	CONSTRAINT pk_inputs PRIMARY KEY (id), 
	CONSTRAINT fk_inputs_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "inputs" VALUES(1,'20261121T003000Z-0000',0,'/captures/ngày 0.pcap',10,'cdff6f2ad8567397431f6b639b25c6513d92e2e261435c05958cc96945a0c8ae','pcap',30,3,'2026-11-20T15:30:00.000000Z','2026-11-21T00:30:00.000000Z');
INSERT INTO "inputs" VALUES(2,'20261122T003000Z-0001',0,'/captures/ngày 1.pcap',10,'508c1b0674168606e0c4b53ac486d66ee7c171de468c4553744e8b613c6e0a23','pcap',30,3,'2026-11-21T15:30:00.000000Z','2026-11-22T00:30:00.000000Z');
CREATE TABLE jobs (
	name VARCHAR(100) NOT NULL, 
	paused BOOLEAN NOT NULL, 
	requested VARCHAR(27), 
	requested_by VARCHAR(20), 
	failures INTEGER NOT NULL, 
	not_before VARCHAR(27), 
	heard VARCHAR(27), 
	silence_told VARCHAR(27), 
	fired VARCHAR(27), 
	CONSTRAINT pk_jobs PRIMARY KEY (name)
);
INSERT INTO "jobs" VALUES('nightly',0,NULL,NULL,0,NULL,'2026-11-22T01:30:00.000000Z',NULL,NULL);
CREATE TABLE keys (
	name VARCHAR(40) NOT NULL, 
	"key" TEXT NOT NULL, 
	made VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_keys PRIMARY KEY (name)
);
INSERT INTO "keys" VALUES('subjects','AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=','2026-11-22T01:30:00.000000Z');
CREATE TABLE leases (
	name VARCHAR(100) NOT NULL, 
	holder VARCHAR(64) NOT NULL, 
	process TEXT NOT NULL, 
	taken VARCHAR(27) NOT NULL, 
	until VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (name)
);
INSERT INTO "leases" VALUES('agent','h','{"boot":"b","pid":1,"space":"4026531836","start":1}','2026-11-22T01:30:00.000000Z','2026-11-22T01:30:00.000000Z');
CREATE TABLE ledger_closed (
	day VARCHAR(10) NOT NULL, 
	CONSTRAINT pk_ledger_closed PRIMARY KEY (day)
);
INSERT INTO "ledger_closed" VALUES('2025-09-01');
CREATE TABLE ledger_days (
	day VARCHAR(10) NOT NULL, 
	route BIGINT NOT NULL, 
	folded BOOLEAN NOT NULL, 
	flows BIGINT NOT NULL, 
	bytes BIGINT NOT NULL, 
	estimated BIGINT NOT NULL, 
	records BIGINT NOT NULL, 
	CONSTRAINT pk_ledger_days PRIMARY KEY (day, route, folded), 
	CONSTRAINT fk_ledger_days_route FOREIGN KEY(route) REFERENCES ledger_routes (id)
)
 WITHOUT ROWID

;
INSERT INTO "ledger_days" VALUES('2026-11-21',77,0,1,5000000000,1,9);
INSERT INTO "ledger_days" VALUES('2026-11-21',77,1,1,5000000000,1,9);
INSERT INTO "ledger_days" VALUES('2026-11-22',77,0,1,5000000000,1,9);
INSERT INTO "ledger_days" VALUES('2026-11-22',77,1,1,5000000000,1,9);
CREATE TABLE ledger_flows (
	"key" BIGINT NOT NULL, 
	begins BIGINT NOT NULL, 
	ends BIGINT NOT NULL, 
	bytes BIGINT NOT NULL, 
	route BIGINT NOT NULL, 
	records BIGINT, 
	run BIGINT NOT NULL, 
	counted BOOLEAN NOT NULL, 
	CONSTRAINT pk_ledger_flows PRIMARY KEY ("key", begins, ends, bytes), 
	CONSTRAINT fk_ledger_flows_route FOREIGN KEY(route) REFERENCES ledger_routes (id)
)
 WITHOUT ROWID

;
INSERT INTO "ledger_flows" VALUES(4611686018427387904,1795221000000000000,1795221000000000001,5000000000,77,9,1795221000000000000,1);
INSERT INTO "ledger_flows" VALUES(4611686018427387905,1795307400000000000,1795307400000000001,5000000000,77,9,1795307400000000000,1);
CREATE TABLE ledger_routes (
	id BIGINT NOT NULL, 
	owner TEXT NOT NULL, 
	system TEXT, 
	recipient TEXT NOT NULL, 
	country TEXT, 
	carried TEXT NOT NULL, 
	CONSTRAINT pk_ledger_routes PRIMARY KEY (id)
);
INSERT INTO "ledger_routes" VALUES(77,'Sở Y tế','HIS','AS64500 Ví dụ','SG','[["II.10","decree-165-important"],["B7",null]]');
CREATE TABLE notices (
	id VARCHAR(40) NOT NULL, 
	channel VARCHAR(100) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	job VARCHAR(100), 
	run_id VARCHAR(40), 
	severity VARCHAR(10), 
	content TEXT NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	not_before VARCHAR(27) NOT NULL, 
	tries INTEGER NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	sent VARCHAR(27), 
	error TEXT, 
	CONSTRAINT pk_notices PRIMARY KEY (id)
);
INSERT INTO "notices" VALUES('20261121T003000Z-0000nightly','mail','news','nightly','20261121T003000Z-0000','high','{"title":"Mới"}','2026-11-21T00:35:00.000000Z','2026-11-21T00:35:00.000000Z',1,'sent','2026-11-21T00:35:00.000000Z',NULL);
INSERT INTO "notices" VALUES('20261122T003000Z-0001nightly','mail','news','nightly','20261122T003000Z-0001','high','{"title":"Mới"}','2026-11-22T00:35:00.000000Z','2026-11-22T00:35:00.000000Z',1,'sent','2026-11-22T00:35:00.000000Z',NULL);
CREATE TABLE open_flows (
	job VARCHAR(100) NOT NULL, 
	run_id VARCHAR(40) NOT NULL, 
	path VARCHAR(200) NOT NULL, 
	flows BIGINT NOT NULL, 
	last VARCHAR(27), 
	CONSTRAINT pk_open_flows PRIMARY KEY (job)
);
INSERT INTO "open_flows" VALUES('nightly','20261122T003000Z-0001','open/20261122T003000Z-0001',1,'2026-11-22T00:30:00.000000Z');
CREATE TABLE runs (
	run_id VARCHAR(40) NOT NULL, 
	job VARCHAR(100) NOT NULL, 
	audit_id VARCHAR(64) NOT NULL, 
	auditor_version VARCHAR(40) NOT NULL, 
	agency TEXT, 
	started VARCHAR(27) NOT NULL, 
	finished VARCHAR(27) NOT NULL, 
	folder TEXT, 
	inputs INTEGER NOT NULL, 
	problems INTEGER NOT NULL, 
	flows BIGINT NOT NULL, 
	crossing_flows BIGINT NOT NULL, 
	undecided_flows BIGINT NOT NULL, 
	outbound_bytes BIGINT NOT NULL, 
	findings INTEGER NOT NULL, 
	new INTEGER NOT NULL, 
	changed INTEGER NOT NULL, 
	gone INTEGER NOT NULL, 
	CONSTRAINT pk_runs PRIMARY KEY (run_id)
);
INSERT INTO "runs" VALUES('20261121T003000Z-0000','nightly','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','0.1.0','Sở Y tế','2026-11-21T00:30:00.000000Z','2026-11-21T00:35:00.000000Z','runs/2026/20261121T003000Z-0000',1,0,3,2,1,5000000000,1,1,0,0);
INSERT INTO "runs" VALUES('20261122T003000Z-0001','nightly','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','0.1.0','Sở Y tế','2026-11-22T00:30:00.000000Z','2026-11-22T00:35:00.000000Z','runs/2026/20261122T003000Z-0001',1,0,3,2,1,5000000000,1,0,0,0);
CREATE TABLE sightings (
	run_id VARCHAR(40) NOT NULL, 
	finding_id VARCHAR(64) NOT NULL, 
	news VARCHAR(10) NOT NULL, 
	changes TEXT, 
	severity VARCHAR(10) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	certainty VARCHAR(10) NOT NULL, 
	flows BIGINT NOT NULL, 
	outbound_bytes BIGINT NOT NULL, 
	CONSTRAINT pk_sightings PRIMARY KEY (run_id, finding_id), 
	CONSTRAINT fk_sightings_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "sightings" VALUES('20261121T003000Z-0000','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','new','{"severity":["low","high"]}','high','likely','indicator',2,5000000000);
INSERT INTO "sightings" VALUES('20261122T003000Z-0001','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','same','{"severity":["low","high"]}','high','likely','indicator',2,5000000000);
CREATE TABLE subjects (
	id INTEGER NOT NULL, 
	day VARCHAR(10) NOT NULL, 
	owner TEXT NOT NULL, 
	system TEXT, 
	recipient TEXT NOT NULL, 
	detector VARCHAR(64) NOT NULL, 
	outbound BOOLEAN, 
	state TEXT NOT NULL, 
	CONSTRAINT pk_subjects PRIMARY KEY (id)
);
INSERT INTO "subjects" VALUES(1,'2026-11-21','Sở Y tế','HIS','AS64500 Ví dụ','phone',1,'AUUotS/9IBCBAAABAAAAAAAAAAIAAAAAAAAA');
INSERT INTO "subjects" VALUES(2,'2026-11-22','Sở Y tế','HIS','AS64500 Ví dụ','phone',1,'AUUotS/9IBCBAAABAAAAAAAAAAIAAAAAAAAA');
CREATE INDEX ix_apscheduler_jobs_next_run_time ON apscheduler_jobs (next_run_time);
CREATE INDEX ix_assessments_job_checked ON assessments (job, checked);
CREATE INDEX ix_attempts_job_started ON attempts (job, started);
CREATE INDEX ix_contents_job_mark ON contents (job, mark);
CREATE INDEX ix_files_job_state_gone_first_seen_size ON files (job, state, gone, first_seen, size);
CREATE INDEX ix_findings_present_job_severity ON findings (present, job, severity);
CREATE INDEX ix_notices_state_not_before ON notices (state, not_before);
CREATE INDEX ix_runs_job_started ON runs (job, started);
CREATE INDEX ix_runs_started ON runs (started);
CREATE INDEX ix_flow_files_day ON flow_files (day);
CREATE INDEX ix_flow_files_run_id ON flow_files (run_id);
CREATE INDEX ix_inputs_run_id ON inputs (run_id);
CREATE INDEX ix_inputs_sha256 ON inputs (sha256);
CREATE INDEX ix_sightings_finding_id ON sightings (finding_id);
CREATE INDEX ix_decisions_finding_id ON decisions (finding_id);
CREATE INDEX ix_subjects_day ON subjects (day);
COMMIT;
